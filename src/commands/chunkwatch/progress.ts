import type { WatchTally } from '../../chunks/watch-tally.ts'
import type { ProgressSource } from '../../cli/progress.ts'
import { formatBytes, formatDuration } from '../../cli/units.ts'

/** What the progress line and SIGUSR1 tell. */
export function progressOf(tally: WatchTally): ProgressSource {
  return {
    get doneBytes() {
      return tally.doneBytes
    },
    notes() {
      const { waiting, settling, shipping, done, backlogBytes, oldestMs, disk } = tally
      const counts = { 'in flight': shipping, settling, waiting }
      const some = Object.entries(counts).filter(([, count]) => count > 0)
      return [
        `${done} done`,
        ...some.map(([what, count]) => `${count} ${what}`),
        ...(backlogBytes > 0 ? [`${formatBytes(backlogBytes)} here`, `oldest ${formatDuration(oldestMs)}`] : []),
        ...(disk === undefined ? [] : [`disk ${formatBytes(disk.usedBytes)} used ${formatBytes(disk.freeBytes)} free`]),
      ]
    },
  }
}
