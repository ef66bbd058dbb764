import { defineCommand, type OptionSpecs } from '../../cli/command.ts'
import { forEachSnapshot, manySnapshots } from './named-snapshots.ts'

const positionals = {
  tag: { describe: "the hold's name" },
  name: manySnapshots,
} as const

const options = {
  'dry-run': { type: 'boolean', alias: 'n', default: false, describe: 'write the commands to stdout, and run none' },
} satisfies OptionSpecs

export const release = defineCommand({
  name: 'release',
  summary: 'take holds of snapshots back',
  synopsis: ['[options] tag name ...'],
  positionals,
  options,
  examples: [['zsnap release audit tank/home@mon', 'what zsnap hold audit has held']],
  stdin: 'none',
  stdout: 'text',
  async run({ tag, name: names, 'dry-run': isDryRun }, terminal) {
    const { checkedTag, releaseSnapshot } = await import('../../zfs/holds.ts')
    checkedTag(tag)
    const releasing = {
      isDryRun,
      wordsFor: (name: string) => ['release', tag, name],
      work: (name: string) => releaseSnapshot(tag, name),
      factsOf: (_: string, isDone: boolean) => ({ tag, released: isDone }),
      already: `is not held by ${tag}`,
    }
    await forEachSnapshot(names, releasing, terminal)
  },
})
