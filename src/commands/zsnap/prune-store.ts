import type { Backup } from '../../backup/backup.ts'
import { failureOf, goOnAfterFailures } from '../../cli/going-on.ts'
import { ownerOfThisProgram } from '../../cli/owner.ts'
import { runtimeFolder } from '../../cli/runtime-folder.ts'
import { alignedLines } from '../../cli/table.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { formatBytes } from '../../cli/units.ts'
import { Failure } from '../../errors.ts'
import type { RetentionDecision } from '../../snapshots/retention.ts'
import type { Store } from '../../store/store.ts'
import { openBackupStore } from './backup-store.ts'

type Decision = RetentionDecision<Backup>

export interface StorePruning {
  readonly datasets: readonly string[]
  readonly isRecursive: boolean
  readonly isDryRun: boolean
  decide(backups: readonly Backup[]): readonly Decision[]
}

/** Prunes datasets in the store that the options name. Those that fail are told, and the others pruned all the same. */
export async function pruneStore(
  args: Parameters<typeof openBackupStore>[0],
  pruning: StorePruning,
  terminal: Terminal,
): Promise<void> {
  const store = await openBackupStore(args, terminal)
  const goingOn = goOnAfterFailures(terminal)
  const { withLock } = await import('../../stream/lock.ts')
  const lock = { folder: runtimeFolder(), owner: ownerOfThisProgram() }
  const storeName = await store.identity()
  for (const dataset of await datasetsIn(store, pruning)) {
    const prune = () => pruneDataset(store, dataset, pruning, terminal, (error) => goingOn.note(failureOf(error)))
    const lockName = `${dataset} in ${storeName}`
    await goingOn.attempt(() => (pruning.isDryRun ? prune() : withLock(lockName, lock, prune)))
  }
  goingOn.end()
}

async function datasetsIn(store: Store, { datasets, isRecursive }: StorePruning): Promise<readonly string[]> {
  if (!isRecursive) return datasets
  const { listBelow } = await import('../../backup/list-backups.ts')
  const found = new Set(datasets)
  for (const dataset of datasets) {
    for (const { name } of await listBelow(store, `${dataset}/`)) found.add(name.slice(0, name.indexOf('@')))
  }
  return [...found]
}

async function pruneDataset(
  store: Store,
  dataset: string,
  { decide, isDryRun, isRecursive }: StorePruning,
  terminal: Terminal,
  onFailure: (error: unknown) => void,
): Promise<void> {
  const { readCatalogue } = await import('../../backup/catalogue.ts')
  const { planPrune, tellsNoSource } = await import('../../backup/prune-plan.ts')
  const { listBackups, listBelow } = await import('../../backup/list-backups.ts')
  const { pruneBackups } = await import('../../backup/prune-backups.ts')
  const { refuseUnderWay } = await import('../../backup/refuse-under-way.ts')
  // All of the store: after a renaming, a chain may go on in another dataset.
  const catalogue = await readCatalogue(store, { datasets: [], isRecursive: false })
  const own = catalogue.backups.filter(({ name }) => name.startsWith(`${dataset}@`))
  const hasBelow = isRecursive && catalogue.backups.some(({ name }) => name.startsWith(`${dataset}/`))
  if (own.length === 0 && hasBelow) return
  if (own.length === 0) throw new Failure('unavailable', `${store.urlOf(`${dataset}@`)}: there is no backup of it`)

  const decisions = decisionsFor(own, decide, catalogue.flawOf)
  const going = new Set(decisions.filter(({ isKept }) => !isKept).map(({ item }) => item))
  const plan = planPrune(catalogue.backups, catalogue, (backup) => !going.has(backup))
  const told = decisions.map((each) => {
    const needer = plan.needed.get(each.item)
    return needer === undefined ? each : { ...each, isKept: true, reasons: [`${needer.name} needs it`] }
  })
  if (isDryRun || terminal.verbose) tell(told, isDryRun, terminal)
  tellSourceless(new Set([...plan.needed.values()].filter(tellsNoSource)), terminal)
  const gone = new Set<Backup>()
  const run = {
    signal: terminal.signal,
    lookAtOwn: () => listBackups(store, dataset),
    lookAtAll: () => listBelow(store, ''),
    onRemoved: (backup: Backup) => gone.add(backup),
    onFailure,
  }
  try {
    if (plan.removed.length > 0 && !isDryRun) await refuseUnderWay(store, dataset, new Date())
    if (!isDryRun) await pruneBackups(store, plan.removed, catalogue, run)
  } finally {
    for (const { item, isKept, reasons } of told) {
      terminal.event({ backup: item.name, creation: item.creation, keep: isKept, reasons, removed: gone.has(item) })
    }
  }
}

/**
 * By time of creation; decided in the order of storing, of which the last stays though a clock that was set back makes
 * others look newer. A backup that cannot be restored takes nobody's place, and is left to be looked at.
 */
function decisionsFor(
  own: readonly Backup[],
  decide: StorePruning['decide'],
  flawOf: (backup: Backup) => string | undefined,
): readonly Decision[] {
  const decided = new Map(decide(own.filter((each) => flawOf(each) === undefined)).map((each) => [each.item, each]))
  return own
    .map((item) => decided.get(item) ?? { item, isKept: true, reasons: [`left alone: ${flawOf(item)}`] })
    .toSorted((a, b) => a.item.creation.getTime() - b.item.creation.getTime())
}

/** A disk that fills up shall not be a riddle. */
function tellSourceless(backups: ReadonlySet<Backup>, terminal: Terminal): void {
  for (const { name } of backups) {
    terminal.say(`${name}: does not say what it goes on from: all that is older stays for it`)
    terminal.hint('remove it if it is of no use')
  }
}

function tell(decisions: readonly Decision[], isDryRun: boolean, terminal: Terminal): void {
  if (terminal.json) return
  const rows = decisions.map(({ item, isKept, reasons }) => [
    isKept ? 'keep' : 'remove',
    item.name,
    formatBytes(item.object.size),
    reasons.join('; '),
  ])
  const say = isDryRun ? terminal.print : terminal.say
  for (const line of alignedLines(rows, { right: [2] })) say(line)
}
