import { bandwidthOf, type RateAt } from '../../cli/timetable.ts'
import type { Check } from '../../stream/checked-input.ts'

/** What holds all chunks together to the rate of --bwlimit; asked for each of them. */
export async function pacing(bwlimit: RateAt | undefined, signal: AbortSignal): Promise<() => readonly Check[]> {
  if (bwlimit === undefined) return () => []
  const { pacedBy } = await import('../../stream/checked-input.ts')
  const { createRateLimit } = await import('../../stream/rate-limit.ts')
  const paced = pacedBy(createRateLimit(bandwidthOf(bwlimit)), signal)
  return () => [paced]
}
