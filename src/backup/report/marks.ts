import type { SnapshotStatus } from '../dataset-status.ts'
import type { ReportWords } from './page.ts'
import { placeOf, type TimeScale } from './time-scale.ts'

export type MarkKind = 'full' | 'increment' | 'broken' | 'local'

/** One snapshot in a figure, or several that fall on the same place. */
export interface Mark {
  readonly kind: MarkKind
  /** 0 at the left edge, 1 at the right. */
  readonly place: number
  readonly snapshots: readonly SnapshotStatus[]
}

// More than a screen has columns; it bounds what a dataset with a snapshot for each minute of a year makes of a page.
const columns = 600

export function marksOf(snapshots: readonly SnapshotStatus[], scale: TimeScale): readonly Mark[] {
  const marks = new Map<string, Mark & { readonly snapshots: SnapshotStatus[] }>()
  for (const each of snapshots) {
    const place = placeOf(each.creation, scale)
    const [kind, column] = [kindOf(each), Math.round(place * columns)]
    const mark = marks.get(`${kind} ${column}`)
    if (mark === undefined) marks.set(`${kind} ${column}`, { kind, place, snapshots: [each] })
    else mark.snapshots.push(each)
  }
  return [...marks.values()]
}

function kindOf({ backup, flaw }: SnapshotStatus): MarkKind {
  if (backup === undefined) return 'local'
  if (flaw !== undefined) return 'broken'
  return backup.isFull ? 'full' : 'increment'
}

/** Whether one of them was found good; undefined if none was looked at. */
export function wasFoundGood({ snapshots }: Mark): boolean | undefined {
  const found = snapshots.flatMap(({ verification }) => (verification === undefined ? [] : [verification]))
  return found.length === 0 ? undefined : found.every(({ flaw }) => flaw === undefined)
}

/** What a pointer that rests upon it is told. */
export function titleOf({ kind, snapshots }: Mark, words: ReportWords): string {
  const [first, last] = [snapshots[0], snapshots.at(-1)]
  if (first === undefined || last === undefined) return ''
  if (first !== last) return `${snapshots.length} × ${kind}, ${afterAt(first.name)} to ${afterAt(last.name)}`
  const { backup, flaw } = first
  const size = backup === undefined ? ['not stored'] : [flaw ?? kind, words.formatBytes(backup.object.size)]
  return [afterAt(first.name), first.creation.toISOString().slice(0, 16).replace('T', ' '), ...size].join(', ')
}

export function afterAt(name: string): string {
  return name.slice(name.indexOf('@') + 1)
}
