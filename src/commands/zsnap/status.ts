import type { Backup } from '../../backup/backup.ts'
import type { DatasetStatus, SnapshotStatus } from '../../backup/dataset-status.ts'
import { backupOptions } from '../../cli/backup-options.ts'
import { defineCommand, type InferredArguments, type OptionSpecs } from '../../cli/command.ts'
import type { CheckResult } from '../../cli/exit-status.ts'
import { ownerOfThisProgram } from '../../cli/owner.ts'
import { alignedLines } from '../../cli/table.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { formatBytes, formatDuration, parseDuration } from '../../cli/units.ts'
import { Failure } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import type { Snapshot } from '../../zfs/snapshot.ts'
import { openBackupStore } from './backup-store.ts'

const positionals = {
  dataset: {
    many: true,
    optional: true,
    describe: 'file systems and volumes; all that the store has if none is named',
    completes: 'dataset',
  },
} as const

const age = { type: 'string', metavar: 'DURATION', coerce: parseDuration } as const

const options = {
  recursive: { type: 'boolean', alias: 'r', default: false, describe: 'all datasets below too' },
  'snapshot-prefix': {
    type: 'string',
    metavar: 'PREFIX',
    setting: 'SNAPSHOT_PREFIX',
    z3: true,
    default: '',
    describe: 'only snapshots whose names begin so',
  },
  'warn-age': { ...age, default: '26h', describe: 'warn if the newest good backup is older' },
  'crit-age': { ...age, default: '50h', describe: 'the same, and it is critical' },
  metrics: { type: 'string', metavar: 'FILE', describe: "write the state to this file too, for Prometheus' collector" },
  ...backupOptions,
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof positionals>

export const status = defineCommand({
  name: 'status',
  summary: 'say what a store has, whether it can be restored, and how old it is',
  synopsis: ['[options] [dataset ...]'],
  positionals,
  options,
  examples: [
    ['zsnap status --store file:///backup tank/home', 'see all backups of a dataset'],
    ['zsnap status -q --store file:///backup --warn-age 26h --crit-age 50h', 'a line for each, for monitoring'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const store = await openBackupStore(args, terminal)
    const statuses = await readStatuses(store, args, terminal)
    if (statuses === undefined) return 'unknown'
    for (const each of statuses) show(each, store, terminal)
    if (statuses.length === 0) showNothing(store, terminal)
    if (args.metrics !== undefined) await writeMetrics(args.metrics, statuses, store)
    return worst(statuses)
  },
})

/** A store that cannot be read is told, and says nothing of the backups: undefined. */
async function readStatuses(
  store: Store,
  args: Arguments,
  terminal: Terminal,
): Promise<readonly DatasetStatus[] | undefined> {
  const { readCatalogue } = await import('../../backup/catalogue.ts')
  const { judgeDataset } = await import('../../backup/dataset-status.ts')
  const named = namedDatasets(args)
  try {
    const catalogue = await readCatalogue(store, { datasets: named, isRecursive: args.recursive })
    const groups = groupByDataset(catalogue.backups)
    const limits = { now: new Date(), warnAgeMs: args['warn-age'], critAgeMs: args['crit-age'] }
    const below = args.recursive ? await datasetsBelow(named) : []
    const judged = [...new Set([...named, ...below, ...groups.keys()])].sort().map(async (dataset) => {
      const hasPrefix = ({ name }: Backup | Snapshot) =>
        name.slice(dataset.length + 1).startsWith(args['snapshot-prefix'])
      const local = (await localSnapshots(dataset))?.filter(hasPrefix)
      const backups = (groups.get(dataset) ?? []).filter(hasPrefix)
      return judgeDataset(dataset, backups, local, catalogue, { ...limits, formatAge: formatDuration })
    })
    return await Promise.all(judged)
  } catch (error) {
    if (!(error instanceof Failure) || terminal.signal.aborted) throw error
    terminal.say(error.message)
    if (error.hint !== undefined) terminal.hint(error.hint)
    return undefined
  }
}

function namedDatasets({ dataset, filesystem }: Arguments): readonly string[] {
  if (dataset.length > 0 || filesystem === undefined) return [...new Set(dataset)]
  return [filesystem]
}

/** Those here, so that one that was never backed up is seen too. */
async function datasetsBelow(datasets: readonly string[]): Promise<readonly string[]> {
  const { listDatasets } = await import('../../zfs/list-datasets.ts')
  const lists = datasets.map((dataset) =>
    listDatasets(dataset).catch((error: unknown) => {
      if (error instanceof Failure) return []
      throw error
    }),
  )
  return (await Promise.all(lists)).flat()
}

/** None of a dataset that is gone; undefined where there is no ZFS to ask. */
async function localSnapshots(dataset: string): Promise<readonly Snapshot[] | undefined> {
  const { listSnapshots } = await import('../../zfs/list-snapshots.ts')
  try {
    return await listSnapshots(dataset)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error.message.includes('does not exist') ? [] : undefined
  }
}

const header = ['NAME', 'PARENT', 'TYPE', 'HEALTH', 'LOCAL STATE', 'SIZE', 'STORED', 'AGE', 'VERIFIED']

function show(each: DatasetStatus, store: Store, terminal: Terminal): void {
  const { snapshots, newestGood, ...facts } = each
  for (const snapshot of snapshots) terminal.event(eventOf(snapshot))
  terminal.event({ ...facts, newestGood: newestGood?.name, newestGoodCreation: newestGood?.creation })
  if (terminal.json) return
  if (!terminal.quiet) {
    terminal.print(`backup status for ${each.dataset}@* on ${store.urlOf('')}`)
    const layout = { separator: ' | ', right: [5, 6] }
    for (const line of alignedLines([header, ...snapshots.map(rowOf)], layout)) terminal.print(line)
  }
  terminal.print(`${each.state}: ${each.summary}`)
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
  if (statuses.length === 0) return 'critical'
  const order = ['critical', 'warning'] as const
  return order.find((state) => statuses.some((each) => each.state === state)) ?? 'ok'
}

function formatAge(time: Date): string {
  return formatDuration(Math.max(0, Date.now() - time.getTime()))
}

function groupByDataset(backups: readonly Backup[]): ReadonlyMap<string, readonly Backup[]> {
  const groups = new Map<string, Backup[]>()
  for (const backup of backups) {
    const dataset = backup.name.slice(0, backup.name.indexOf('@'))
    const group = groups.get(dataset)
    if (group === undefined) groups.set(dataset, [backup])
    else group.push(backup)
  }
  return groups
}

function afterAt(name: string): string {
  return name.slice(name.indexOf('@') + 1)
}
