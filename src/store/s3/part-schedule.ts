import { constants } from 'node:buffer'
import { Failure } from '../../errors.ts'

/*
 * S3 takes at most 10,000 parts (some stores 1,000) of at most 5 GiB, and all but the last of at least 5 MiB. A stream
 * of unknown length therefore begins with small parts, which need little memory, and grows them:
 *
 *   parts      1 to 1000   1001 to 2000   …   7001 to 8000   8001 to 10000
 *   size           8 MiB         16 MiB   …          1 GiB        1602 MiB      5 TiB in all
 *   ends at      7.8 GiB       23.4 GiB   …          2 TiB           5 TiB
 */

/** So many parts of one size, one after the other. */
export interface PartRun {
  readonly count: number
  readonly bytes: number
}

/** The sizes of an upload's parts: the runs in their order. */
export type PartSchedule = readonly PartRun[]

export interface ScheduleWishes {
  /** How many parts the store allows. */
  readonly maxParts: number
  /** The largest object that the schedule shall hold, in bytes. Fewer if the parts do not suffice for it. */
  readonly maxObjectBytes: number
  /** All parts of this size. */
  readonly partBytes?: number | undefined
  /** All parts of one size, such that a stream a little longer than this fits. */
  readonly estimatedBytes?: number | undefined
}

const mib = 2 ** 20
export const minPartBytes = 5 * mib
const firstPartBytes = 8 * mib
// S3's limit; Node before 22 has no buffer beyond 4 GiB.
const maxPartBytes = Math.min(5 * 1024 * mib, Math.floor(constants.MAX_LENGTH / mib) * mib)
// The estimate of `zfs send -n` may be a little low; one part is kept in reserve. Both as z3 has it.
const reserve = 1.05
const reserveParts = 1

export function planParts(wishes: ScheduleWishes): PartSchedule {
  const { maxParts, partBytes, estimatedBytes } = wishes
  if (partBytes !== undefined) return [{ count: maxParts, bytes: checkPartBytes(partBytes) }]
  if (estimatedBytes !== undefined) return [{ count: maxParts, bytes: bytesFor(estimatedBytes, maxParts) }]
  return growingParts(wishes)
}

/** The size of part `number` (from 1), in bytes. */
export function partBytesAt(schedule: PartSchedule, number: number): number {
  let last = 0
  for (const { count, bytes } of schedule) {
    last += count
    if (number <= last) return bytes
  }
  return schedule.at(-1)?.bytes ?? 0
}

/** The sizes of all parts of an object of this size. */
export function* partsOf(schedule: PartSchedule, objectBytes: number): Generator<number> {
  for (let number = 1, left = objectBytes; left > 0; number++) {
    const bytes = Math.min(left, partBytesAt(schedule, number))
    yield bytes
    left -= bytes
  }
}

export function capacityOf(schedule: PartSchedule): number {
  return schedule.reduce((sum, { count, bytes }) => sum + count * bytes, 0)
}

/** As it is kept in an object's metadata: `1000x8388608,1000x16777216`. */
export function formatSchedule(schedule: PartSchedule): string {
  return schedule.map(({ count, bytes }) => `${count}x${bytes}`).join()
}

/** Undefined for what formatSchedule did not write. */
export function parseSchedule(text: string): PartSchedule | undefined {
  if (!/^[1-9]\d*x[1-9]\d*(,[1-9]\d*x[1-9]\d*)*$/.test(text)) return undefined
  return text.split(',').map((run) => {
    const [count, bytes] = run.split('x').map(Number)
    return { count: count as number, bytes: bytes as number }
  })
}

function checkPartBytes(bytes: number): number {
  if (bytes >= minPartBytes && bytes <= maxPartBytes) return bytes
  throw new Failure('usage', `a part of ${bytes} bytes: from ${minPartBytes} to ${maxPartBytes} is possible`, {
    hint: '--part-size says how long one is',
  })
}

function bytesFor(estimatedBytes: number, maxParts: number): number {
  const parts = Math.max(1, maxParts - reserveParts)
  const bytes = Math.trunc(Math.max((estimatedBytes * reserve) / parts, minPartBytes))
  if (bytes <= maxPartBytes) return bytes
  const mostBytes = Math.floor((parts * maxPartBytes) / reserve)
  throw new Failure('usage', `an estimate of ${estimatedBytes} bytes: ${maxParts} parts hold ${mostBytes} at most`, {
    hint: '--max-parts says how many parts the store allows',
  })
}

/** Steps of equal length, each with parts twice as large; as long as they can be, and at the end no larger than they must. */
function growingParts({ maxParts, maxObjectBytes }: ScheduleWishes): PartSchedule {
  for (let step = Math.ceil(maxParts / 10); step > 0; step--) {
    if (capacityOf(doubling(maxParts, step, maxPartBytes)) < maxObjectBytes && step > 1) continue
    return doubling(maxParts, step, smallestLimit(maxParts, step, maxObjectBytes))
  }
  return []
}

function smallestLimit(maxParts: number, step: number, maxObjectBytes: number): number {
  let low = firstPartBytes / mib
  let high = maxPartBytes / mib
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (capacityOf(doubling(maxParts, step, middle * mib)) >= maxObjectBytes) high = middle
    else low = middle + 1
  }
  return high * mib
}

function doubling(maxParts: number, step: number, limit: number): PartSchedule {
  const runs: { count: number; bytes: number }[] = []
  let left = maxParts
  for (let bytes = firstPartBytes; left > 0; bytes = Math.min(bytes * 2, limit)) {
    const isLast = bytes === limit
    const count = isLast ? left : Math.min(step, left)
    runs.push({ count, bytes })
    left -= count
  }
  return runs
}
