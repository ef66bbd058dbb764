import { closeSync, openSync, writeSync } from 'node:fs'
import { aboutFile } from '../stream/about-file.ts'

// Often enough to see a round trip of a long path; an hour takes 30 MB.
const everyMs = 100

/** Counters of one moment, by the name of the track they are drawn on. */
export type Counters = Readonly<Record<string, Readonly<Record<string, number>>>>

/**
 * Writes counters to a file, ten times a second until stopped, as events of Chrome's trace format: a JSON array, whose last
 * bracket may be missing. What cannot be written is a Failure 'io', given to `onError`.
 */
export function startTrace(file: string, title: string, sample: () => Counters, onError: (error: unknown) => void) {
  const startMs = performance.now()
  const fd = attempt(() => openSync(file, 'w'))
  attempt(() => writeSync(fd, `[\n${JSON.stringify(named(title))}`))
  const write = () => {
    const ts = Math.round((performance.now() - startMs) * 1000)
    for (const [name, args] of Object.entries(sample()))
      writeSync(fd, `,\n${JSON.stringify({ name, ph: 'C', ts, pid: 1, args })}`)
  }
  const timer = setInterval(() => {
    try {
      attempt(write)
    } catch (error) {
      clearInterval(timer)
      onError(error)
    }
  }, everyMs)
  return {
    stop() {
      clearInterval(timer)
      attempt(() => {
        write()
        writeSync(fd, '\n]\n')
        closeSync(fd)
      })
    },
  }

  function attempt<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      return aboutFile(file)(error)
    }
  }
}

function named(title: string) {
  return { name: 'process_name', ph: 'M', pid: 1, args: { name: title } }
}
