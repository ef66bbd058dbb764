import { defineCommand, type OptionSpecs } from '../../cli/command.ts'
import { formatBytes, formatDuration } from '../../cli/units.ts'
import { Failure } from '../../errors.ts'
import { openBackupStore } from './backup-store.ts'
import { namedDatasets, readStatuses, statusOptions, statusPositionals } from './read-statuses.ts'

const options = {
  html: { type: 'boolean', default: false, describe: 'as a page for a browser, which needs no other file' },
  ...statusOptions,
} satisfies OptionSpecs

export const report = defineCommand({
  name: 'report',
  summary: 'draw the backups in a store, their chains, ages and sizes',
  synopsis: ['--html [options] [dataset ...]'],
  positionals: statusPositionals,
  options,
  examples: [
    ['zsnap report --html --store file:///backup > backups.html', 'a page for a browser, of all that it has'],
    ['zsnap report --html --store file:///backup -r tank/home > home.html', 'of a dataset and all below it'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const { reportPage } = await import('../../backup/report/page.ts')
    if (!args.html) throw new Failure('usage', 'a report of which form?', { hint: '--html is the only one' })
    const named = await namedDatasets(args, terminal.signal)
    const store = await openBackupStore(args, terminal)
    const { catalogue, statuses, now } = await readStatuses(store, named, args)
    const policy = { warnAgeMs: args['warn-age'], critAgeMs: args['crit-age'] }
    const words = { formatBytes, formatDuration }
    terminal.print(reportPage({ storeUrl: store.urlOf(''), now, statuses, chains: catalogue, policy, words }).trimEnd())
  },
})
