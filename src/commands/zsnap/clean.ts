import type { UploadAge } from '../../backup/stale-uploads.ts'
import { backupOptions } from '../../cli/backup-options.ts'
import { defineCommand, type OptionSpecs } from '../../cli/command.ts'
import { goOnAfterFailures } from '../../cli/going-on.ts'
import { printable } from '../../cli/messages.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { formatBytes, formatDuration, parseDuration } from '../../cli/units.ts'
import { openBackupStore } from './backup-store.ts'

const options = {
  'max-age': {
    type: 'string',
    metavar: 'DURATION',
    default: '24h',
    coerce: parseDuration,
    describe: 'leave alone what was written to since then',
  },
  'dry-run': { type: 'boolean', alias: 'n', default: false, describe: 'only say what would be removed' },
  ...backupOptions,
} satisfies OptionSpecs

export const clean = defineCommand({
  name: 'clean',
  summary: 'remove uploads that were broken off and that nobody has gone on with',
  synopsis: ['[options]'],
  positionals: {},
  options,
  examples: [
    ['zsnap clean --store file:///backup --dry-run', 'see what broken uploads have left'],
    ['zsnap clean --store file:///backup --max-age 7d', 'remove what is older than a week'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const { listUploadAges } = await import('../../backup/stale-uploads.ts')
    const store = await openBackupStore(args, terminal)
    const goingOn = goOnAfterFailures(terminal)
    const removed: UploadAge[] = []
    for await (const each of listUploadAges(store, new Date(), args['max-age'])) {
      terminal.signal.throwIfAborted()
      const remove = () => store.remove(each.upload).then(() => each)
      const isToGo = each.isStale && !args['dry-run']
      const gone = isToGo ? await goingOn.attempt(remove) : undefined
      if (gone !== undefined || (each.isStale && args['dry-run'])) removed.push(each)
      tell(each, { isGone: gone !== undefined, isDryRun: args['dry-run'] }, terminal)
    }
    const bytes = removed.reduce((sum, { upload }) => sum + upload.storedBytes, 0)
    const uploads = removed.length === 1 ? '1 upload' : `${removed.length} uploads`
    if (removed.length > 0 && !terminal.json) terminal.print(`${uploads}, ${formatBytes(bytes)}`)
    goingOn.end()
  },
})

interface Outcome {
  readonly isGone: boolean
  readonly isDryRun: boolean
}

function tell({ upload, ageMs, isStale }: UploadAge, { isGone, isDryRun }: Outcome, terminal: Terminal): void {
  const { key, id, storedBytes, lastWrite } = upload
  terminal.event({ upload: key, id, storedBytes, lastWrite, stale: isStale, removed: isGone })
  if (terminal.json) return
  const facts = `${formatBytes(storedBytes)}, last written to ${formatDuration(Math.max(0, ageMs))} ago`
  if (isGone) terminal.print(`${printable(key)}: removed, ${facts}`)
  else if (isStale && isDryRun) terminal.print(`${printable(key)}: would be removed, ${facts}`)
  else if (!isStale && terminal.verbose) terminal.say(`${key}: left alone, ${facts}`)
}
