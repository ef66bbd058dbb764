import { closeSync, constants, openSync, readSync } from 'node:fs'
import { Readable } from 'node:stream'
import { openWidePipe, type Pipe } from './wide-pipe.ts'

// The pipe of a program that writes lines is not full before that.
const lookMs = 50
const pieceBytes = 256 * 1024

/** A pipe whose end for reading does not wait, while the program's end does. Undefined where it cannot be had. */
export function openGatheredPipe(): Pipe | undefined {
  const pipe = openWidePipe()
  if (pipe === undefined) return undefined
  try {
    const fd = openSync(`/proc/self/fd/${pipe.readEnd}`, constants.O_RDONLY | constants.O_NONBLOCK)
    return { readEnd: fd, writeEnd: pipe.writeEnd }
  } catch {
    closeSync(pipe.writeEnd)
    return undefined
  } finally {
    closeSync(pipe.readEnd)
  }
}

/**
 * What a program writes to such a pipe, looked at now and then, and when it ends: to be woken for each line of a program
 * that writes a line at a time takes as long as its work. Takes the descriptor over; `onExit` is asked once.
 */
export function gatheredPipe(fd: number, onExit: (listener: () => void) => void): Readable {
  const buffer = Buffer.alloc(pieceBytes)
  let timer: NodeJS.Timeout | undefined
  let hasExited = false

  const lookLater = () => {
    timer = setTimeout(look, lookMs)
  }
  const look = () => {
    timer = undefined
    const count = readNow(fd, buffer)
    if (count instanceof Error) pipe.destroy(count)
    else if (count === undefined) lookLater()
    else pipe.push(count === 0 ? null : Buffer.from(buffer.subarray(0, count)))
  }
  const pipe = new Readable({
    read: () => (hasExited ? look() : lookLater()),
    destroy(error, done) {
      clearTimeout(timer)
      // From now on the descriptor's number may be another file's.
      timer = undefined
      closeSync(fd)
      done(error)
    },
  })
  onExit(() => {
    hasExited = true
    if (timer === undefined) return
    clearTimeout(timer)
    look()
  })
  return pipe
}

/** The bytes read; 0 at the end, undefined if there are none yet. */
function readNow(fd: number, target: Uint8Array): number | undefined | Error {
  try {
    return readSync(fd, target)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? undefined : (error as Error)
  }
}
