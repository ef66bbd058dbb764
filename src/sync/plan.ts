import { type Inventory, inTreeOrder, type Point, parentOf, type SyncDataset } from './inventory.ts'
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
  | { readonly kind: 'resume'; readonly token: string; readonly fromGuid: string | undefined; readonly to: Point }
  | { readonly kind: 'full'; readonly to: Point }
  /** With all snapshots between, unless only the last is wanted. */
  | { readonly kind: 'increment'; readonly base: Base; readonly to: Point; readonly withIntermediates: boolean }

/** Why a dataset cannot be brought up to date without losing something. */
export type Conflict = 'no-snapshot' | 'target-without-snapshots' | 'no-common-snapshot' | 'target-is-ahead'

export interface DatasetPlan {
  readonly source: SyncDataset
  readonly steps: readonly Step[]
  /** Whether the receiver has no such dataset yet, so that none below it can come before it. */
  readonly isNew: boolean
  readonly conflict?: Conflict
  /** The snapshot that was looked for and is not there, or that is in the way. */
  readonly culprit?: Point
}

export interface Plan {
  /** All of the source, parents before children. */
  readonly datasets: readonly DatasetPlan[]
  /** The paths of the receiver's datasets that the source has not. */
  readonly gone: readonly string[]
  readonly hasRenames: boolean
}

export interface PlanWishes {
  /** Every snapshot since the base, or only the newest. */
  readonly allSnapshots: boolean
  /** What the receiver's resume tokens say, by path; without what cannot be read. */
  readonly tokens: ReadonlyMap<string, TokenFacts>
}

/** Says what is to be sent so that the target has each source dataset's newest snapshot. Matches by guid alone. */
export function planSync(source: Inventory, target: Inventory, wishes: PlanWishes): Plan {
  const sources = inTreeOrder(source.datasets)
  const there = new Map(target.datasets.map((dataset) => [dataset.path, dataset]))
  const names = new Set(sources.map(({ path }) => path))
  let hasRenames = false
  const datasets = sources.map((dataset) => {
    const from = there.has(dataset.path) ? undefined : formerPath(dataset, there, names)
    if (from === undefined) return planDataset(dataset, there.get(dataset.path), wishes)
    hasRenames = true
    moveTree(there, from, dataset.path)
    const plan = planDataset(dataset, there.get(dataset.path), wishes)
    return { ...plan, steps: [{ kind: 'rename', from } as const, ...plan.steps] }
  })
  return { datasets, gone: [...there.keys()].filter((path) => !names.has(path)).sort(), hasRenames }
}

/**
 * The receiver's name for a dataset that was renamed on the sender: that of the only one whose newest snapshot is the
 * sender's too, if no other dataset of the sender has that name now.
 */
function formerPath(
  source: SyncDataset,
  there: ReadonlyMap<string, SyncDataset>,
  names: ReadonlySet<string>,
): string | undefined {
  const guids = new Set(source.snapshots.map(({ guid }) => guid))
  const candidates = [...there.values()].filter(({ path, snapshots, resumeToken }) => {
    const newest = snapshots.at(-1)
    return (
      !names.has(path) && path !== '' && resumeToken === undefined && newest !== undefined && guids.has(newest.guid)
    )
  })
  const [only] = candidates
  if (only === undefined || candidates.length > 1) return undefined
  // A dataset cannot be moved below itself.
  return `${source.path}/`.startsWith(`${only.path}/`) || !there.has(parentOf(source.path) ?? '')
    ? undefined
    : only.path
}

/** What is below moves along. */
function moveTree(there: Map<string, SyncDataset>, from: string, to: string): void {
  for (const [path, dataset] of [...there]) {
    if (path !== from && !path.startsWith(`${from}/`)) continue
    there.delete(path)
    const moved = to + path.slice(from.length)
    there.set(moved, { ...dataset, path: moved })
  }
}

function planDataset(source: SyncDataset, target: SyncDataset | undefined, wishes: PlanWishes): DatasetPlan {
  if (source.snapshots.length === 0) return { source, steps: [], isNew: target === undefined, conflict: 'no-snapshot' }
  if (target === undefined) return { source, steps: fullSteps(source, wishes), isNew: true }
  if (target.resumeToken !== undefined) return planAfterBreak(source, target, target.resumeToken, wishes)
  return planIncrement(source, target, wishes)
}

/** Goes on with an interrupted receive if its token still fits both ends; else clears it away. */
function planAfterBreak(source: SyncDataset, target: SyncDataset, token: string, wishes: PlanWishes): DatasetPlan {
  const facts = wishes.tokens.get(target.path)
  const to = source.snapshots.find(({ guid }) => guid === facts?.toGuid)
  const isFitting = to !== undefined && facts?.fromGuid === target.snapshots.at(-1)?.guid
  const isNew = target.snapshots.length === 0
  if (!isFitting) {
    const { resumeToken, ...cleared } = target
    // A full that was interrupted is a dataset that goes with what it has kept.
    const plan = planDataset(source, isNew ? undefined : cleared, wishes)
    return { ...plan, steps: [{ kind: 'clear' }, ...plan.steps] }
  }
  const resume: Step = { kind: 'resume', token, fromGuid: facts?.fromGuid, to }
  return { source, steps: [resume, ...incrementSteps(source, { kind: 'snapshot', point: to }, wishes)], isNew }
}

function planIncrement(source: SyncDataset, target: SyncDataset, wishes: PlanWishes): DatasetPlan {
  const newest = target.snapshots.at(-1)
  if (newest === undefined) return { source, steps: [], isNew: false, conflict: 'target-without-snapshots' }
  const base = baseOf(source, newest)
  if (base !== undefined) return { source, steps: incrementSteps(source, base, wishes), isNew: false }
  const isAhead = target.snapshots.some((snapshot) => baseOf(source, snapshot) !== undefined)
  const conflict = isAhead ? 'target-is-ahead' : 'no-common-snapshot'
  return { source, steps: [], isNew: false, conflict, culprit: newest }
}

function baseOf({ snapshots, bookmarks }: SyncDataset, { guid }: Point): Base | undefined {
  const snapshot = snapshots.find((each) => each.guid === guid)
  if (snapshot !== undefined) return { kind: 'snapshot', point: snapshot }
  const bookmark = bookmarks.find((each) => each.guid === guid)
  return bookmark === undefined ? undefined : { kind: 'bookmark', point: bookmark }
}

function fullSteps(source: SyncDataset, wishes: PlanWishes): readonly Step[] {
  const first = source.snapshots.at(wishes.allSnapshots ? 0 : -1)
  if (first === undefined) return []
  return [{ kind: 'full', to: first }, ...incrementSteps(source, { kind: 'snapshot', point: first }, wishes)]
}

function incrementSteps({ snapshots }: SyncDataset, base: Base, { allSnapshots }: PlanWishes): readonly Step[] {
  const later = snapshots.filter(({ createTxg }) => createTxg > base.point.createTxg)
  const [next, last] = [later[0], later.at(-1)]
  if (next === undefined || last === undefined) return []
  if (!allSnapshots || next === last) return [{ kind: 'increment', base, to: last, withIntermediates: false }]
  if (base.kind === 'snapshot') return [{ kind: 'increment', base, to: last, withIntermediates: true }]
  // `zfs send -I` begins at no bookmark.
  const rest: Step = {
    kind: 'increment',
    base: { kind: 'snapshot', point: next },
    to: last,
    withIntermediates: later.length > 2,
  }
  return [{ kind: 'increment', base, to: next, withIntermediates: false }, rest]
}
