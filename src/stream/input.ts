import { fstatSync, type Stats } from 'node:fs'
import { Failure } from '../errors.ts'
import { FileInput } from './file-input.ts'
import { PipeInput } from './pipe-input.ts'
import type { WaitingMeter } from './waiting-meter.ts'

/** Bytes that come in, once, in order. One `fill` at a time. */
export interface Input {
  /**
   * Fills `target` and resolves to the bytes put there: fewer than its length only at the end of the input, 0 after it.
   * Rejects with the signal's reason after an abort, else with what the source says.
   */
  fill(target: Uint8Array): Promise<number>
  /** Lets go of the source. A writer at its other end gets EPIPE. */
  close(): Promise<void>
}

/**
 * Reads an open descriptor: a pipe or socket through the event loop, a file or device by `fs.read`. One that is not open,
 * or nothing to read from is a Failure 'usage'.
 */
export function openInput(fd: number, signal?: AbortSignal): Input {
  const stat = statDescriptor(fd)
  const isReadable = [stat.isFile(), stat.isFIFO(), stat.isSocket(), stat.isCharacterDevice(), stat.isBlockDevice()]
  if (!isReadable.includes(true)) {
    throw new Failure('usage', `descriptor ${fd} is ${stat.isDirectory() ? 'a directory' : 'nothing to read from'}`)
  }
  return stat.isFIFO() || stat.isSocket() ? new PipeInput(fd, signal) : new FileInput(fd, signal)
}

function statDescriptor(fd: number): Stats {
  try {
    return fstatSync(fd)
  } catch (error) {
    throw new Failure('usage', `descriptor ${fd} is not open`, { cause: error })
  }
}

/** The same input, its waits counted by a meter. */
export function metered(input: Input, meter: WaitingMeter): Input {
  return { fill: (target) => meter.during('input', input.fill(target)), close: () => input.close() }
}
