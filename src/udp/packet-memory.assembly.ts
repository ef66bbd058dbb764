/*
 * What is done with every byte of packets and stream, in the memory where they lie: XXH64 (xxhash.com, seed 0), copies,
 * and the clear fields of DATA. Offsets are of this memory, which the caller makes; its first 4096 bytes are ours.
 */

const p1: u64 = 0x9e3779b185ebca87
const p2: u64 = 0xc2b2ae3d27d4eb4f
const p3: u64 = 0x165667b19e3779f9
const p4: u64 = 0x85ebca77c2b2ae63
const p5: u64 = 0x27d4eb2f165667c5

const stripeBytes: usize = 32
// Of a stream's digest: four lanes, its length, and what is no whole stripe yet.
const lanesAt: usize = 1024
const lengthAt: usize = lanesAt + 32
const pendingAt: usize = lanesAt + 64
/** The id of the connection, 8 bytes. */
const connectionAt: usize = 1280

export function connectionStart(): usize {
  return connectionAt
}

function round(lane: u64, word: u64): u64 {
  return rotl(lane + word * p2, 31) * p1
}

function merge(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * p1 + p4
}

/** The hash of whole stripes so far, or of none, then of a rest of less than a stripe. */
function finishHash(start: u64, at: usize, end: usize): u64 {
  let hash = start
  for (; at + 8 <= end; at += 8) hash = rotl(hash ^ round(0, load<u64>(at)), 27) * p1 + p4
  if (at + 4 <= end) {
    hash = rotl(hash ^ (<u64>load<u32>(at) * p1), 23) * p2 + p3
    at += 4
  }
  for (; at < end; at++) hash = rotl(hash ^ (<u64>load<u8>(at) * p5), 11) * p1
  hash = (hash ^ (hash >> 33)) * p2
  hash = (hash ^ (hash >> 29)) * p3
  return hash ^ (hash >> 32)
}

function mergeLanes(a: u64, b: u64, c: u64, d: u64): u64 {
  return merge(merge(merge(merge(rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18), a), b), c), d)
}

function hashOf(at: usize, bytes: usize): u64 {
  const end = at + bytes
  if (bytes < stripeBytes) return finishHash(p5 + <u64>bytes, at, end)
  let a = p1 + p2
  let b = p2
  let c: u64 = 0
  let d: u64 = 0 - p1
  for (const last = end - stripeBytes; at <= last; at += stripeBytes) {
    a = round(a, load<u64>(at))
    b = round(b, load<u64>(at, 8))
    c = round(c, load<u64>(at, 16))
    d = round(d, load<u64>(at, 24))
  }
  return finishHash(mergeLanes(a, b, c, d) + <u64>bytes, at, end)
}

/** XXH64 of the direction and a packet: the byte before the packet stands for the direction meanwhile. */
function sumOf(at: usize, bytes: usize, direction: u8): u64 {
  const before = load<u8>(at - 1)
  store<u8>(at - 1, direction)
  const sum = hashOf(at - 1, bytes + 1)
  store<u8>(at - 1, before)
  return sum
}

/** Writes the checksum behind a packet of so many bytes. */
export function seal(at: usize, bytes: usize, direction: u8): void {
  store<u64>(at + bytes, bswap(sumOf(at, bytes, direction)))
}

/** Whether that is the checksum behind it. */
export function isSealed(at: usize, bytes: usize, direction: u8): bool {
  return load<u64>(at + bytes) == bswap(sumOf(at, bytes, direction))
}

export function copy(to: usize, from: usize, bytes: usize): void {
  memory.copy(to, from, bytes)
}

/** Header and fields of a DATA packet, and its payload, which lies at `from`. 48-bit numbers come as f64. */
export function putData(
  at: usize,
  typeAndVersion: u16,
  number: f64,
  segment: f64,
  segmentBytes: u16,
  from: usize,
  payloadBytes: usize,
): void {
  // The type is above the version, which is above the number.
  store<u64>(at, bswap(((<u64>typeAndVersion) << 48) | <u64>number))
  store<u64>(at, load<u64>(connectionAt), 8)
  store<u64>(at, bswap(((<u64>segment) << 16) | <u64>segmentBytes), 16)
  memory.copy(at + 24, from, payloadBytes)
}

/** Begins the digest of a stream. */
export function beginDigest(): void {
  store<u64>(lanesAt, p1 + p2)
  store<u64>(lanesAt, p2, 8)
  store<u64>(lanesAt, 0, 16)
  store<u64>(lanesAt, 0 - p1, 24)
  store<u64>(lengthAt, 0)
}

/** The next bytes of the stream. */
export function addToDigest(at: usize, bytes: usize): void {
  const end = at + bytes
  const pending = <usize>load<u64>(lengthAt) & (stripeBytes - 1)
  store<u64>(lengthAt, load<u64>(lengthAt) + <u64>bytes)
  if (pending > 0) {
    const most = stripeBytes - pending
    const missing = bytes < most ? bytes : most
    memory.copy(pendingAt + pending, at, missing)
    if (pending + missing < stripeBytes) return
    addStripes(pendingAt, pendingAt + stripeBytes)
    at += missing
  }
  at = addStripes(at, end)
  memory.copy(pendingAt, at, end - at)
}

function addStripes(at: usize, end: usize): usize {
  let a = load<u64>(lanesAt)
  let b = load<u64>(lanesAt, 8)
  let c = load<u64>(lanesAt, 16)
  let d = load<u64>(lanesAt, 24)
  for (; at + stripeBytes <= end; at += stripeBytes) {
    a = round(a, load<u64>(at))
    b = round(b, load<u64>(at, 8))
    c = round(c, load<u64>(at, 16))
    d = round(d, load<u64>(at, 24))
  }
  store<u64>(lanesAt, a)
  store<u64>(lanesAt, b, 8)
  store<u64>(lanesAt, c, 16)
  store<u64>(lanesAt, d, 24)
  return at
}

export function finishDigest(): u64 {
  const length = load<u64>(lengthAt)
  const end = pendingAt + (<usize>length & (stripeBytes - 1))
  if (length < stripeBytes) return finishHash(p5 + length, pendingAt, end)
  const lanes = mergeLanes(load<u64>(lanesAt), load<u64>(lanesAt, 8), load<u64>(lanesAt, 16), load<u64>(lanesAt, 24))
  return finishHash(lanes + length, pendingAt, end)
}
