/*
 * MD5 (RFC 1321) of four messages at once, one in each lane of a vector: its steps wait for each other, so that one
 * message alone leaves most of the processor idle.
 *
 * Memory   0 u32[64] the constants, put there by the caller | statesAt u128[4] a, b, c and d of the messages |
 *          wordsAt u128[16] the words of the blocks at hand | dataAt u8[4][laneBytes] the messages, put there by the caller
 */

const statesAt: usize = 256
const wordsAt: usize = statesAt + 64
const dataAt: usize = wordsAt + 256
const laneBytes: usize = 16 * 1024

export function stateStart(): usize {
  return statesAt
}

export function dataStart(): usize {
  return dataAt
}

/** Takes the first `blocks` times 64 bytes of each message. */
export function add(blocks: usize): void {
  let a = v128.load(statesAt)
  let b = v128.load(statesAt, 16)
  let c = v128.load(statesAt, 32)
  let d = v128.load(statesAt, 48)
  for (let block: usize = 0; block < blocks; block++) {
    for (let word: usize = 0; word < 64; word += 16) gather(dataAt + block * 64 + word, wordsAt + word * 4)
    const aBefore = a
    const bBefore = b
    const cBefore = c
    const dBefore = d
    for (let step: u32 = 0; step < 16; step += 4) {
      a = turn(a, b, v128.bitselect(c, d, b), step, step, 7)
      d = turn(d, a, v128.bitselect(b, c, a), step + 1, step + 1, 12)
      c = turn(c, d, v128.bitselect(a, b, d), step + 2, step + 2, 17)
      b = turn(b, c, v128.bitselect(d, a, c), step + 3, step + 3, 22)
    }
    for (let step: u32 = 16; step < 32; step += 4) {
      a = turn(a, b, v128.bitselect(b, c, d), step, 5 * step + 1, 5)
      d = turn(d, a, v128.bitselect(a, b, c), step + 1, 5 * step + 6, 9)
      c = turn(c, d, v128.bitselect(d, a, b), step + 2, 5 * step + 11, 14)
      b = turn(b, c, v128.bitselect(c, d, a), step + 3, 5 * step + 16, 20)
    }
    for (let step: u32 = 32; step < 48; step += 4) {
      a = turn(a, b, v128.xor(v128.xor(c, d), b), step, 3 * step + 5, 4)
      d = turn(d, a, v128.xor(v128.xor(b, c), a), step + 1, 3 * step + 8, 11)
      c = turn(c, d, v128.xor(v128.xor(a, b), d), step + 2, 3 * step + 11, 16)
      b = turn(b, c, v128.xor(v128.xor(d, a), c), step + 3, 3 * step + 14, 23)
    }
    for (let step: u32 = 48; step < 64; step += 4) {
      a = turn(a, b, v128.xor(c, v128.or(b, v128.not(d))), step, 7 * step, 6)
      d = turn(d, a, v128.xor(b, v128.or(a, v128.not(c))), step + 1, 7 * step + 7, 10)
      c = turn(c, d, v128.xor(a, v128.or(d, v128.not(b))), step + 2, 7 * step + 14, 15)
      b = turn(b, c, v128.xor(d, v128.or(c, v128.not(a))), step + 3, 7 * step + 21, 21)
    }
    a = i32x4.add(a, aBefore)
    b = i32x4.add(b, bBefore)
    c = i32x4.add(c, cBefore)
    d = i32x4.add(d, dBefore)
  }
  v128.store(statesAt, a)
  v128.store(statesAt, b, 16)
  v128.store(statesAt, c, 32)
  v128.store(statesAt, d, 48)
}

/** One step of the 64, with the word of a number (of which the last four bits count). */
function turn(a: v128, b: v128, mixed: v128, step: usize, word: usize, bits: i32): v128 {
  const known = i32x4.add(i32x4.add(a, v128.load(wordsAt + (word & 15) * 16)), v128.load32_splat(step * 4))
  const sum = i32x4.add(known, mixed)
  return i32x4.add(b, v128.or(i32x4.shl(sum, bits), i32x4.shr_u(sum, 32 - bits)))
}

/** Four words of each message become four vectors, of which each has the same word of all. */
function gather(from: usize, to: usize): void {
  const first = v128.load(from)
  const second = v128.load(from + laneBytes)
  const third = v128.load(from + 2 * laneBytes)
  const fourth = v128.load(from + 3 * laneBytes)
  const lowA = i32x4.shuffle(first, second, 0, 4, 1, 5)
  const lowB = i32x4.shuffle(third, fourth, 0, 4, 1, 5)
  const highA = i32x4.shuffle(first, second, 2, 6, 3, 7)
  const highB = i32x4.shuffle(third, fourth, 2, 6, 3, 7)
  v128.store(to, i64x2.shuffle(lowA, lowB, 0, 2))
  v128.store(to, i64x2.shuffle(lowA, lowB, 1, 3), 16)
  v128.store(to, i64x2.shuffle(highA, highB, 0, 2), 32)
  v128.store(to, i64x2.shuffle(highA, highB, 1, 3), 48)
}
