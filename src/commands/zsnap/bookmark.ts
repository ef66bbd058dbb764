import { defineCommand, type OptionSpecs } from '../../cli/command.ts'
import { Failure } from '../../errors.ts'
import { forEachSnapshot, manySnapshots } from './named-snapshots.ts'

const positionals = { name: manySnapshots } as const

const options = {
  as: {
    type: 'string',
    metavar: 'NAME',
    describe: 'what follows the # of each; the name of the snapshot if not given',
  },
  'dry-run': { type: 'boolean', alias: 'n', default: false, describe: 'write the commands to stdout, and run none' },
} satisfies OptionSpecs

export const bookmark = defineCommand({
  name: 'bookmark',
  summary: 'make bookmarks of snapshots, for increments to begin at',
  synopsis: ['[options] name ...'],
  positionals,
  options,
  examples: [['zsnap bookmark tank/home@mon', 'tank/home#mon stays when the snapshot is destroyed']],
  stdin: 'none',
  stdout: 'text',
  async run({ name: names, as, 'dry-run': isDryRun }, terminal) {
    const { bookmarkSnapshot } = await import('../../zfs/bookmarks.ts')
    if (as !== undefined && !/^[\w.: -]+$/.test(as)) throw new Failure('usage', `'${as}' is no name of a bookmark`)
    const bookmarkOf = (name: string) => {
      const at = name.indexOf('@')
      return `${name.slice(0, at)}#${as ?? name.slice(at + 1)}`
    }
    const bookmarking = {
      isDryRun,
      wordsFor: (name: string) => ['bookmark', name, bookmarkOf(name)],
      work: (name: string) => bookmarkSnapshot(name, bookmarkOf(name)),
      factsOf: (name: string, isDone: boolean) => ({ bookmark: bookmarkOf(name), made: isDone }),
      already: 'has this bookmark already',
    }
    await forEachSnapshot(names, bookmarking, terminal)
  },
})
