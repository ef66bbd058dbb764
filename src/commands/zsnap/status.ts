import type { DatasetStatus, SnapshotStatus } from '../../backup/dataset-status.ts'
import { defineCommand, type InferredArguments, type OptionSpecs } from '../../cli/command.ts'
import type { CheckResult } from '../../cli/exit-status.ts'
import { printable } from '../../cli/messages.ts'
import { ownerOfThisProgram } from '../../cli/owner.ts'
import { asFailure } from '../../cli/system-failure.ts'
import { alignedLines } from '../../cli/table.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { formatBytes, formatDuration } from '../../cli/units.ts'
import type { Store } from '../../store/store.ts'
import { openBackupStore } from './backup-store.ts'
import { namedDatasets, readStatuses, statusOptions, statusPositionals } from './read-statuses.ts'

const options = {
  ...statusOptions,
  metrics: { type: 'string', metavar: 'FILE', describe: "write the state to this file too, for Prometheus' collector" },
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof statusPositionals>

export const status = defineCommand({
  name: 'status',
  summary: 'say what a store has, whether it can be restored, and how old it is',
  synopsis: ['[options] [dataset ...]'],
  positionals: statusPositionals,
  options,
  examples: [
    ['zsnap status --store file:///backup tank/home', 'see all backups of a dataset'],
    ['zsnap status -q --store file:///backup --warn-age 26h --crit-age 50h', 'a line for each, for monitoring'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const named = await namedDatasets(args, terminal.signal)
    const store = await openBackupStore(args, terminal)
    const statuses = await statusesOrWhy(store, named, args, terminal)
    if (statuses === undefined) return 'unknown'
    // Of what a check says, a monitor shows the first line.
    for (const each of terminal.quiet ? worstFirst(statuses) : statuses) show(each, store, terminal)
    if (statuses.length === 0) showNothing(store, terminal)
    if (args.metrics !== undefined) await writeMetrics(args.metrics, statuses, store)
    return worst(statuses)
  },
})

/** A store that cannot be read is told, and says nothing of the backups: undefined. */
async function statusesOrWhy(
  store: Store,
  named: readonly string[],
  args: Arguments,
  terminal: Terminal,
): Promise<readonly DatasetStatus[] | undefined> {
  try {
    return (await readStatuses(store, named, args)).statuses
  } catch (error) {
    const failure = asFailure(error)
    if (failure === undefined || terminal.signal.aborted) throw error
    terminal.say(failure.message)
    if (failure.hint !== undefined) terminal.hint(failure.hint)
    return undefined
  }
}

const header = ['NAME', 'PARENT', 'TYPE', 'HEALTH', 'LOCAL STATE', 'SIZE', 'STORED', 'AGE', 'VERIFIED']

function show(each: DatasetStatus, store: Store, terminal: Terminal): void {
  const { snapshots, newestGood, ...facts } = each
  for (const snapshot of snapshots) terminal.event(eventOf(snapshot))
  terminal.event({ ...facts, newestGood: newestGood?.name, newestGoodCreation: newestGood?.creation })
  if (terminal.json) return
  if (!terminal.quiet) {
    terminal.print(printable(`backup status for ${each.dataset}@* on ${store.urlOf('')}`))
    const layout = { separator: ' | ', right: [5, 6] }
    for (const line of alignedLines([header, ...snapshots.map(rowOf)], layout)) terminal.print(line)
  }
  terminal.print(printable(`${each.state}: ${each.summary}`))
}

function showNothing(store: Store, terminal: Terminal): void {
  const summary = `no backups of any dataset on ${store.urlOf('')}`
  terminal.event({ state: 'critical', summary })
  if (!terminal.json) terminal.print(`critical: ${summary}`)
}

function rowOf({ name, backup, flaw, local, verification }: SnapshotStatus): readonly string[] {
  const snapshot = afterAt(name)
  if (backup === undefined) return [snapshot, '-', 'missing', '-', local, '', '', '', '']
  const { object, creation, isFull, parent = '-' } = backup
  const size = Number(object.metadata['size'])
  return [
    snapshot,
    isFull ? '' : afterAt(parent),
    isFull ? 'full' : 'incremental',
    flaw ?? 'ok',
    local,
    size > 0 ? formatBytes(size) : '',
    formatBytes(object.size),
    formatAge(creation),
    verification === undefined ? 'never' : `${verification.depth} ${formatAge(verification.at)} ago`,
  ]
}

function eventOf({ name, backup, flaw, local, verification }: SnapshotStatus): object {
  if (backup === undefined) return { snapshot: name, type: 'missing', local }
  const { object, isFull, parent, creation, guid } = backup
  const { size, checksums, published, metadata } = object
  const facts = { guid, creation, published, storedBytes: size, checksums, metadata }
  return {
    snapshot: name,
    type: isFull ? 'full' : 'incremental',
    parent,
    health: flaw ?? 'ok',
    local,
    ...facts,
    verification,
  }
}

async function writeMetrics(file: string, statuses: readonly DatasetStatus[], store: Store): Promise<void> {
  const { statusMetrics } = await import('../../backup/status-metrics.ts')
  const { writeWhole } = await import('../../stream/metrics-text.ts')
  await writeWhole(file, statusMetrics(statuses, store.urlOf(''), new Date()), ownerOfThisProgram())
}

/** Nothing at all in the store is no good news. */
function worst(statuses: readonly DatasetStatus[]): CheckResult {
  return worstFirst(statuses)[0]?.state ?? 'critical'
}

function worstFirst(statuses: readonly DatasetStatus[]): readonly DatasetStatus[] {
  const order = ['critical', 'warning', 'ok']
  return statuses.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
}

function formatAge(time: Date): string {
  return formatDuration(Math.max(0, Date.now() - time.getTime()))
}

function afterAt(name: string): string {
  return name.slice(name.indexOf('@') + 1)
}
