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
      const { waiting, settling, shipping, done, backlogBytes, oldestMs } = tally
      const counts = [`${done} done`, `${shipping} in flight`, `${settling} settling`, `${waiting} waiting`]
      return [
        ...counts,
        `${formatBytes(backlogBytes)} here`,
        ...(backlogBytes > 0 ? [`oldest ${formatDuration(oldestMs)}`] : []),
      ]
    },
  }
}
