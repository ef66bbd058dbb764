import { defineCommand, type OptionSpecs } from '../../cli/command.ts'
import { forEachSnapshot, manySnapshots } from './named-snapshots.ts'

const positionals = {
  tag: { describe: "the hold's name, of whoever needs the snapshots" },
  name: manySnapshots,
} as const

const options = {
  'dry-run': { type: 'boolean', alias: 'n', default: false, describe: 'write the commands to stdout, and run none' },
} satisfies OptionSpecs

export const hold = defineCommand({
  name: 'hold',
  summary: 'keep snapshots from being destroyed',
  synopsis: ['[options] tag name ...'],
  positionals,
  options,
  examples: [
    ['zsnap hold audit tank/home@mon', 'until it is released'],
    ["zsnap list -H --match '*_D' tank/home | cut -f 1 | zsnap hold audit -", 'many'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run({ tag, name: names, 'dry-run': isDryRun }, terminal) {
    const { checkedTag, holdSnapshot } = await import('../../zfs/holds.ts')
    checkedTag(tag)
    const holding = {
      isDryRun,
      wordsFor: (name: string) => ['hold', tag, name],
      work: (name: string) => holdSnapshot(tag, name),
      factsOf: (_: string, isDone: boolean) => ({ tag, held: isDone }),
      already: `is held by ${tag} already`,
    }
    await forEachSnapshot(names, holding, terminal)
  },
})
