/** Of a day's first, an hour's first, a minute's first snapshot; and of all others. */
export type SnapshotClass = 'D' | 'H' | 'M' | 'S'

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000]

/** The class of what is made now, by the wall clock, after what was made last. */
export function classAt(now: Date, last: Date | undefined): SnapshotClass {
  const isSame = (periodMs: number) =>
    last !== undefined && Math.floor(now.getTime() / periodMs) === Math.floor(last.getTime() / periodMs)
  if (isSame(minuteMs)) return 'S'
  if (isSame(hourMs)) return 'M'
  return isSame(dayMs) ? 'H' : 'D'
}
