const [leastMs, mostMs] = [20, 5000]
// A rest that nobody notices, however short the look was.
const shortMs = 250
// A look at all files and processes costs time: no more than a fifth of it is spent on looks, of long ones a third.
const [restPerLook, restPerLongLook] = [4, 2]

/** How long to rest after a look that cost so long, in ms: never more than 5 s. */
export function restAfterLook(lookMs: number): number {
  const longestMs = Math.min(mostMs, Math.max(shortMs, restPerLongLook * lookMs))
  return Math.min(Math.max(leastMs, restPerLook * lookMs), longestMs)
}
