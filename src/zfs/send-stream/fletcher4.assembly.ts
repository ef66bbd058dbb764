/*
 * fletcher4 over 32-bit words w in four 64-bit sums: a += w, b += a, c += b, d += c (zfs_fletcher.c of OpenZFS).
 * Compiled twice: with SIMD, and without for processors that lack it.
 *
 * Memory   0 u64[4] the running sums | the rest belongs to the caller
 *
 * SIMD has four lanes: lane j sums the words j, j+4, j+8, …  Lane sums add up to those of the whole block because the
 * weights of a word (how often it is counted in b, c and d) are polynomials in its distance from the end.
 */

const aAt: usize = 0
const bAt: usize = 8
const cAt: usize = 16
const dAt: usize = 24

// Below this adding the lanes together costs more than they gain.
const leastLaneBytes: usize = 512

export function reset(): void {
  setSums(0, 0, 0, 0)
}

/** Adds `length` bytes, a multiple of 4. `isSwapped`: the words have the other byte order. At most 4 MiB at once. */
export function add(from: usize, length: usize, isSwapped: bool): void {
  let at = from
  if (ASC_FEATURE_SIMD) {
    if (length >= leastLaneBytes) {
      const laneBytes = length & ~31
      addInLanes(from, laneBytes, isSwapped)
      at += laneBytes
    }
  }
  addInWords(at, from + length, isSwapped)
}

/** Whether the four sums stored at `at` are the running ones. */
export function equals(at: usize, isSwapped: bool): bool {
  return (
    sumAt(at, isSwapped) == load<u64>(aAt) &&
    sumAt(at + 8, isSwapped) == load<u64>(bAt) &&
    sumAt(at + 16, isSwapped) == load<u64>(cAt) &&
    sumAt(at + 24, isSwapped) == load<u64>(dAt)
  )
}

export function isZero(from: usize, length: usize): bool {
  for (let at = from; at < from + length; at++) if (load<u8>(at) != 0) return false
  return true
}

function sumAt(at: usize, isSwapped: bool): u64 {
  return isSwapped ? bswap(load<u64>(at)) : load<u64>(at)
}

function wordAt(at: usize, isSwapped: bool): u64 {
  return isSwapped ? bswap(load<u32>(at)) : load<u32>(at)
}

function setSums(a: u64, b: u64, c: u64, d: u64): void {
  store<u64>(aAt, a)
  store<u64>(bAt, b)
  store<u64>(cAt, c)
  store<u64>(dAt, d)
}

function addInWords(from: usize, end: usize, isSwapped: bool): void {
  let a = load<u64>(aAt)
  let b = load<u64>(bAt)
  let c = load<u64>(cAt)
  let d = load<u64>(dAt)
  for (let at = from; at < end; at += 4) {
    a += wordAt(at, isSwapped)
    b += a
    c += b
    d += c
  }
  setSums(a, b, c, d)
}

function wordsAt(at: usize, isSwapped: bool): v128 {
  const words = v128.load(at)
  return isSwapped ? v128.shuffle<u8>(words, words, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12) : words
}

/** `length` is a multiple of 32. */
function addInLanes(from: usize, length: usize, isSwapped: bool): void {
  let a01 = i64x2.splat(0)
  let a23 = a01
  let b01 = a01
  let b23 = a01
  let c01 = a01
  let c23 = a01
  let d01 = a01
  let d23 = a01
  for (let at = from; at < from + length; at += 32) {
    const first = wordsAt(at, isSwapped)
    a01 = i64x2.add(a01, i64x2.extend_low_i32x4_u(first))
    a23 = i64x2.add(a23, i64x2.extend_high_i32x4_u(first))
    b01 = i64x2.add(b01, a01)
    b23 = i64x2.add(b23, a23)
    c01 = i64x2.add(c01, b01)
    c23 = i64x2.add(c23, b23)
    d01 = i64x2.add(d01, c01)
    d23 = i64x2.add(d23, c23)
    const second = wordsAt(at + 16, isSwapped)
    a01 = i64x2.add(a01, i64x2.extend_low_i32x4_u(second))
    a23 = i64x2.add(a23, i64x2.extend_high_i32x4_u(second))
    b01 = i64x2.add(b01, a01)
    b23 = i64x2.add(b23, a23)
    c01 = i64x2.add(c01, b01)
    c23 = i64x2.add(c23, b23)
    d01 = i64x2.add(d01, c01)
    d23 = i64x2.add(d23, c23)
  }
  advance(length / 4)
  addLanePair(0, a01, b01, c01, d01)
  addLanePair(2, a23, b23, c23, d23)
}

/** What n words of zero do to the sums. */
function advance(n: u64): void {
  const a = load<u64>(aAt)
  const b = load<u64>(bAt)
  const c = load<u64>(cAt)
  const d = load<u64>(dAt)
  const n2 = (n * (n + 1)) / 2
  const n3 = (n * (n + 1) * (n + 2)) / 6
  setSums(a, b + n * a, c + n * b + n2 * a, d + n * c + n2 * b + n3 * a)
}

function addLanePair(j: u64, a: v128, b: v128, c: v128, d: v128): void {
  addLane(j, i64x2.extract_lane(a, 0), i64x2.extract_lane(b, 0), i64x2.extract_lane(c, 0), i64x2.extract_lane(d, 0))
  addLane(j + 1, i64x2.extract_lane(a, 1), i64x2.extract_lane(b, 1), i64x2.extract_lane(c, 1), i64x2.extract_lane(d, 1))
}

/** In its own lane a word has the weights m, m(m+1)/2, m(m+1)(m+2)/6; in the block the same of 4m - j. */
function addLane(j: u64, a: u64, b: u64, c: u64, d: u64): void {
  setSums(
    load<u64>(aAt) + a,
    load<u64>(bAt) + 4 * b - j * a,
    load<u64>(cAt) + 16 * c - (6 + 4 * j) * b + ((j * (j - 1)) / 2) * a,
    load<u64>(dAt) + 64 * d - (48 + 16 * j) * c + (2 * j * j + 4 * j + 4) * b - ((j * (j - 1) * (j - 2)) / 6) * a,
  )
}
