import { writeSync } from 'node:fs'

// How long to let a full pipe be when whoever shares it has made it non-blocking.
const fullPipeMs = 2
const sleeper = new Int32Array(new SharedArrayBuffer(4))

/**
 * Writes all of a text to a descriptor before it returns. Not through `process.stdout`, which would make the
 * descriptor non-blocking for every process that shares it. Throws the system's error.
 */
export function writeText(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let done = 0; done < bytes.length; ) done += writeSome(fd, bytes.subarray(done))
}

function writeSome(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    Atomics.wait(sleeper, 0, 0, fullPipeMs)
    return 0
  }
}

/** Writes to stdout; the system's error names it. */
export function writeStdout(text: string): void {
  try {
    writeText(1, text)
  } catch (error) {
    throw Object.assign(error as Error, { path: 'stdout' })
  }
}
