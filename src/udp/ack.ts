/** What has arrived, as the receiver tells it. Ranges are half open: from the first segment up to before the second. */
export interface Ack {
  /** All segments below have arrived. */
  readonly cumulative: number
  /** Segments below may be sent. */
  readonly limit: number
  /** The highest packet number that has arrived, how long before this was written, and when by the receiver's clock. */
  readonly largest: number
  readonly delayMs: number
  readonly clockMs: number
  /** Bytes of DATA packets that had arrived by then, each copy that was not refused counted. */
  readonly deliveredBytes: number
  /** `missing` tells of all segments below. */
  readonly covered: number
  /** No segment from `covered` on has arrived: nothing was left out for want of room. */
  readonly isComplete: boolean
  readonly missing: readonly (readonly [from: number, to: number])[]
}

const fixedBytes = 41
// The longest a pair of variable integers gets.
const longestRangeBytes = 14

/*
 *  0            6       12        18            22                28           34
 *  | cumulative | limit | largest | delay in µs | delivered bytes | clock in µs | …
 *  34        40         41
 *  … covered | complete | missing ranges: distance from the end of the one before (first: from cumulative), length …
 *  all big-endian; distance and length in LEB128 (7 bits a byte, lowest first, the top bit set if more follow)
 *
 *  Writes as many ranges as fit in `target` from `at`, and returns where the body ends.
 */
export function writeAck(target: Buffer, at: number, end: number, ack: Ack): number {
  target.writeUIntBE(ack.cumulative, at, 6)
  target.writeUIntBE(ack.limit, at + 6, 6)
  target.writeUIntBE(ack.largest, at + 12, 6)
  target.writeUInt32BE(Math.min(0xffff_ffff, Math.round(ack.delayMs * 1000)), at + 18)
  target.writeUIntBE(ack.deliveredBytes, at + 22, 6)
  target.writeUIntBE(Math.round(ack.clockMs * 1000), at + 28, 6)
  let next = at + fixedBytes
  let told = ack.cumulative
  let hasAll = ack.isComplete
  for (const [from, to] of ack.missing) {
    if (next + longestRangeBytes > end) {
      hasAll = false
      break
    }
    next = writeVarint(target, writeVarint(target, next, from - told), to - from)
    told = to
  }
  target.writeUIntBE(hasAll ? ack.covered : told, at + 34, 6)
  target[at + 40] = hasAll ? 1 : 0
  return next
}

/** Undefined for what no receiver writes: lengths that do not add up, numbers out of order. */
export function readAck(body: Buffer): Ack | undefined {
  if (body.length < fixedBytes || body[40]! > 1) return undefined
  const cumulative = body.readUIntBE(0, 6)
  const covered = body.readUIntBE(34, 6)
  const missing = readRanges(body, cumulative)
  if (missing === undefined || covered < (missing.at(-1)?.[1] ?? cumulative)) return undefined
  return {
    cumulative,
    limit: body.readUIntBE(6, 6),
    largest: body.readUIntBE(12, 6),
    delayMs: body.readUInt32BE(18) / 1000,
    deliveredBytes: body.readUIntBE(22, 6),
    clockMs: body.readUIntBE(28, 6) / 1000,
    covered,
    isComplete: body[40] === 1,
    missing,
  }
}

function readRanges(body: Buffer, cumulative: number): [number, number][] | undefined {
  const ranges: [number, number][] = []
  let told = cumulative
  for (let at = fixedBytes; at < body.length; ) {
    const distance = readVarint(body, at)
    const length = distance === undefined ? undefined : readVarint(body, distance.next)
    if (distance === undefined || length === undefined || length.value === 0) return undefined
    const from = told + distance.value
    told = from + length.value
    ranges.push([from, told])
    at = length.next
  }
  return ranges
}

function writeVarint(target: Buffer, at: number, value: number): number {
  let [rest, next] = [value, at]
  for (; rest > 127; rest = Math.floor(rest / 128)) target[next++] = (rest % 128) | 128
  target[next++] = rest
  return next
}

function readVarint(body: Buffer, at: number): { value: number; next: number } | undefined {
  let value = 0
  for (let index = 0; index < 7; index++) {
    const byte = body[at + index]
    if (byte === undefined) return undefined
    value += (byte & 127) * 2 ** (7 * index)
    if (byte < 128) return { value, next: at + index + 1 }
  }
  return undefined
}
