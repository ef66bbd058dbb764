import { type Inventory, inTreeOrder, type Point, type SyncDataset } from './inventory.ts'
import { baseOf, fullSteps, incrementSteps } from './plan-steps.ts'
import type { OnDiverged } from './policy.ts'
import { formerPath, StandingTree } from './standing-tree.ts'
import type { TokenFacts } from './token-facts.ts'

/** Where an increment begins on the sender: at a snapshot of its own, or at the bookmark of one. */
export interface Base {
  readonly kind: 'snapshot' | 'bookmark'
  readonly point: Point
}

/** One thing to do to a dataset of the receiver's. */
export type Step =
  /** The dataset has another name there, this path. */
  | { readonly kind: 'rename'; readonly from: string }
  /** Throw away what an interrupted receive has kept: it can not be gone on with. */
  | { readonly kind: 'clear' }
  /** Throw away what is in the buffer: the source has gone another way meanwhile. */
  | { readonly kind: 'discard' }
  /** Destroy there what is newer than this snapshot, up to the newest. */
  | { readonly kind: 'rollback'; readonly to: Point; readonly newest: Point }
  | { readonly kind: 'resume'; readonly token: string; readonly fromGuid: string | undefined; readonly to: Point }
  | { readonly kind: 'full'; readonly to: Point }
  /** With all snapshots between, unless only the last is wanted. */
  | { readonly kind: 'increment'; readonly base: Base; readonly to: Point; readonly withIntermediates: boolean }

/** Why a dataset cannot be brought up to date without losing something. */
export type Conflict =
  | 'no-snapshot'
  | 'target-without-snapshots'
  | 'no-common-snapshot'
  | 'target-is-ahead'
  | 'target-is-decrypted'

export interface DatasetPlan {
  readonly source: SyncDataset
  readonly steps: readonly Step[]
  /** Whether the receiver has no such dataset yet, so that none below it can come before it. */
  readonly isNew: boolean
  /** Where its streams go: into the buffer if there already is some of it, or another dataset is in its place. */
  readonly into: 'place' | 'buffer'
  /** Why what is in its place is to make room, when all has come. */
  readonly replaces?: Conflict
  /** The newest snapshot, if it is left out since nothing was written. */
  readonly skipped?: Point
  readonly conflict?: Conflict
  /** The snapshot that was looked for and is not there, or that is in the way. */
  readonly culprit?: Point
}

export interface Plan {
  /** All of the source, parents before children. */
  readonly datasets: readonly DatasetPlan[]
  /** The paths of the receiver's datasets that the source has not. */
  readonly gone: readonly string[]
  /** Of those, the guids of their newest snapshots; without those that have none. */
  readonly newestGone: ReadonlyMap<string, string>
  readonly hasRenames: boolean
}

export interface PlanWishes {
  /** Every snapshot since the base, or only the newest. */
  readonly allSnapshots: boolean
  /** Leave out the newest snapshots if nothing was written since the last that is sent. */
  readonly skipUnchanged: boolean
  /** The receiver's, for what would lose something. */
  readonly onDiverged: OnDiverged
  /** What the receiver's resume tokens say; without those that cannot be read. */
  readonly tokens: ReadonlyMap<string, TokenFacts>
}

/** Says what is to be sent so that the target has each source dataset's newest snapshot. Matches by guid alone. */
export function planSync(source: Inventory, target: Inventory, wishes: PlanWishes): Plan {
  const sources = inTreeOrder(source.datasets)
  const there = new StandingTree(target.datasets)
  const buffered = byPath(target.buffered)
  const names = new Set(sources.map(({ path }) => path))
  const coming = new Set<string>()
  let hasRenames = false
  const datasets = sources.map((dataset) => {
    const { path } = dataset
    const from = there.has(path) || buffered.has(path) ? undefined : formerPath(dataset, there, names, coming)
    if (from !== undefined) {
      hasRenames = true
      there.move(from, path)
    }
    const has = { inPlace: there.get(path), buffered: buffered.get(path) }
    const wanted = planOf(dataset, has, wishes)
    const plan = { ...wanted, ...skippedOf(wanted, has, wishes) }
    if (plan.isNew && plan.conflict === undefined) coming.add(path)
    return from === undefined ? plan : { ...plan, steps: [{ kind: 'rename', from } as const, ...plan.steps] }
  })
  const gone = there.paths.filter((path) => !names.has(path)).sort()
  const newestGone = gone.flatMap((path) => {
    const newest = there.get(path)?.snapshots.at(-1)
    return newest === undefined ? [] : [[path, newest.guid] as const]
  })
  return { datasets, gone, newestGone: new Map(newestGone), hasRenames }
}

function byPath(datasets: readonly SyncDataset[]): Map<string, SyncDataset> {
  return new Map(datasets.map((dataset) => [dataset.path, dataset]))
}

interface Has {
  readonly inPlace: SyncDataset | undefined
  readonly buffered: SyncDataset | undefined
}

function skippedOf(
  { source, steps }: DatasetPlan,
  { inPlace, buffered }: Has,
  { skipUnchanged }: PlanWishes,
): Pick<DatasetPlan, 'skipped'> {
  const newest = source.snapshots.at(-1)
  const points = [...(inPlace?.snapshots ?? []), ...(buffered?.snapshots ?? []), ...steps.flatMap(ends)]
  const isLeftOut = skipUnchanged && newest?.writtenBytes === 0 && !points.some(({ guid }) => guid === newest.guid)
  return isLeftOut ? { skipped: newest } : {}
}

function ends(step: Step): readonly Point[] {
  return 'to' in step ? [step.to] : []
}

/** Of one dataset, of which the receiver has something in its place, in the buffer, in both or nowhere. */
function planOf(source: SyncDataset, { inPlace, buffered }: Has, wishes: PlanWishes): DatasetPlan {
  const plan = planDataset(source, inPlace, wishes)
  if (inPlace === undefined) return buffered === undefined ? plan : planInBuffer(source, buffered, wishes)
  if (plan.conflict === undefined || plan.conflict === 'no-snapshot') return plan
  if (wishes.onDiverged === 'rollback') return planRollback(plan, inPlace, wishes)
  if (wishes.onDiverged === 'refuse') return plan
  return { ...planInBuffer(source, buffered, wishes), isNew: false, replaces: plan.conflict }
}

function planInBuffer(source: SyncDataset, buffered: SyncDataset | undefined, wishes: PlanWishes): DatasetPlan {
  const plan = planDataset(source, buffered, wishes)
  const fitting: DatasetPlan =
    plan.conflict === undefined || plan.conflict === 'no-snapshot'
      ? plan
      : { source, steps: [{ kind: 'discard' }, ...fullSteps(source, wishes)], isNew: true, into: 'buffer' }
  return { ...fitting, isNew: true, into: 'buffer' }
}

/** Where the last common snapshot is the receiver's newest but for what it has of its own. */
function planRollback(plan: DatasetPlan, target: SyncDataset, wishes: PlanWishes): DatasetPlan {
  const { source } = plan
  const to = target.snapshots.findLast((snapshot) => baseOf(source, snapshot) !== undefined)
  const base = to === undefined ? undefined : baseOf(source, to)
  const newest = target.snapshots.at(-1)
  if (plan.conflict === 'target-is-decrypted') return plan
  if (to === undefined || base === undefined || newest === undefined) return plan
  const before = plan.steps.filter(({ kind }) => kind === 'clear')
  const steps: readonly Step[] = [...before, { kind: 'rollback', to, newest }, ...incrementSteps(source, base, wishes)]
  return { source, steps, isNew: false, into: 'place' }
}

function planDataset(source: SyncDataset, target: SyncDataset | undefined, wishes: PlanWishes): DatasetPlan {
  const isNew = target === undefined
  if (source.snapshots.length === 0) return { source, steps: [], isNew, into: 'place', conflict: 'no-snapshot' }
  if (target === undefined) return { source, steps: fullSteps(source, wishes), isNew, into: 'place' }
  if (target.resumeToken !== undefined) return planAfterBreak(source, target, target.resumeToken, wishes)
  return planIncrement(source, target, wishes)
}

/** Goes on with an interrupted receive if its token still fits both ends; else clears it away. */
function planAfterBreak(source: SyncDataset, target: SyncDataset, token: string, wishes: PlanWishes): DatasetPlan {
  const facts = wishes.tokens.get(token)
  const to = source.snapshots.find(({ guid }) => guid === facts?.toGuid)
  // Another program may have begun it, or a receiver that wants to have it decrypted.
  const isAsEncrypted = facts?.isRaw === true || !source.isEncrypted
  const isFitting = to !== undefined && isAsEncrypted && facts?.fromGuid === target.snapshots.at(-1)?.guid
  const isNew = target.snapshots.length === 0
  if (!isFitting) {
    const { resumeToken, ...cleared } = target
    // A full that was interrupted is a dataset that goes with what it has kept.
    const plan = planDataset(source, isNew ? undefined : cleared, wishes)
    return { ...plan, steps: [{ kind: 'clear' }, ...plan.steps] }
  }
  const resume: Step = { kind: 'resume', token, fromGuid: facts?.fromGuid, to }
  const steps = [resume, ...incrementSteps(source, { kind: 'snapshot', point: to }, wishes)]
  return { source, steps, isNew, into: 'place' }
}

function planIncrement(source: SyncDataset, target: SyncDataset, wishes: PlanWishes): DatasetPlan {
  const plan = { source, steps: [], isNew: false, into: 'place' } as const
  const newest = target.snapshots.at(-1)
  if (newest === undefined) return { ...plan, conflict: 'target-without-snapshots' }
  const base = baseOf(source, newest)
  if (base !== undefined) {
    const steps = incrementSteps(source, base, wishes)
    // As after a source was encrypted by sending it to a new dataset of its own: what is raw goes on from nothing else.
    const isUnfit = source.isEncrypted && !target.isEncrypted && steps.length > 0
    return isUnfit ? { ...plan, conflict: 'target-is-decrypted', culprit: newest } : { ...plan, steps }
  }
  const isAhead = target.snapshots.some((snapshot) => baseOf(source, snapshot) !== undefined)
  return { ...plan, conflict: isAhead ? 'target-is-ahead' : 'no-common-snapshot', culprit: newest }
}
