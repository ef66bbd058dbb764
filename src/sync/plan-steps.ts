import type { Point, SyncDataset } from './inventory.ts'
import type { Base, PlanWishes, Step } from './plan.ts'

/** Where an increment to what comes after a snapshot can begin on the sender. */
export function baseOf({ snapshots, bookmarks }: SyncDataset, { guid }: Point): Base | undefined {
  const snapshot = snapshots.find((each) => each.guid === guid)
  if (snapshot !== undefined) return { kind: 'snapshot', point: snapshot }
  const bookmark = bookmarks.find((each) => each.guid === guid)
  return bookmark === undefined ? undefined : { kind: 'bookmark', point: bookmark }
}

/** The first snapshot in full, or the newest, and what comes after it. */
export function fullSteps(source: SyncDataset, wishes: PlanWishes): readonly Step[] {
  const first = source.snapshots.at(wishes.allSnapshots ? 0 : -1)
  if (first === undefined) return []
  return [{ kind: 'full', to: first }, ...incrementSteps(source, { kind: 'snapshot', point: first }, wishes)]
}

/** What comes after a base. */
export function incrementSteps({ snapshots }: SyncDataset, base: Base, wishes: PlanWishes): readonly Step[] {
  const { allSnapshots, skipUnchanged } = wishes
  const younger = snapshots.filter(({ createTxg }) => createTxg > base.point.createTxg)
  const later = skipUnchanged ? upToLastChange(younger) : younger
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

/** Without the newest, as long as nothing was written between them and the one before. */
function upToLastChange(points: readonly Point[]): readonly Point[] {
  return points.slice(0, points.findLastIndex(({ writtenBytes }) => writtenBytes !== 0) + 1)
}
