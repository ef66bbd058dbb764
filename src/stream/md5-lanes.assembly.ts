/*
 * MD5 (RFC 1321) of eight messages at once, four in the lanes of a vector and four in those of another: its steps wait for
 * each other, so that one message, or one vector, leaves most of the processor idle.
 *
 * Memory   0 u32[64] the constants, put there by the caller | statesAt u128[2][4] a, b, c and d of the messages |
 *          wordsAt u128[2][16] the words of the blocks at hand | dataAt u8[8][laneBytes] the messages, put there by the caller
 */

const statesAt: usize = 256
const wordsAt: usize = statesAt + 2 * 64
const moreWordsAt: usize = wordsAt + 256
const dataAt: usize = moreWordsAt + 256
const laneBytes: usize = 16 * 1024

export function stateStart(): usize {
  return statesAt
}

export function dataStart(): usize {
  return dataAt
}

/** Takes the first `blocks` times 64 bytes of each message. The second four have e, f, g and h for a, b, c and d. */
export function add(blocks: usize): void {
  let a = v128.load(statesAt)
  let b = v128.load(statesAt, 16)
  let c = v128.load(statesAt, 32)
  let d = v128.load(statesAt, 48)
  let e = v128.load(statesAt, 64)
  let f = v128.load(statesAt, 80)
  let g = v128.load(statesAt, 96)
  let h = v128.load(statesAt, 112)
  for (let block: usize = 0; block < blocks; block++) {
    const from = dataAt + block * 64
    for (let word: usize = 0; word < 64; word += 16) {
      gather(from + word, wordsAt + word * 4)
      gather(from + 4 * laneBytes + word, moreWordsAt + word * 4)
    }
    const aBefore = a
    const bBefore = b
    const cBefore = c
    const dBefore = d
    const eBefore = e
    const fBefore = f
    const gBefore = g
    const hBefore = h
    for (let step: u32 = 0; step < 16; step += 4) {
      a = turn(a, b, v128.bitselect(c, d, b), step, wordsAt, step, 7)
      e = turn(e, f, v128.bitselect(g, h, f), step, moreWordsAt, step, 7)
      d = turn(d, a, v128.bitselect(b, c, a), step + 1, wordsAt, step + 1, 12)
      h = turn(h, e, v128.bitselect(f, g, e), step + 1, moreWordsAt, step + 1, 12)
      c = turn(c, d, v128.bitselect(a, b, d), step + 2, wordsAt, step + 2, 17)
      g = turn(g, h, v128.bitselect(e, f, h), step + 2, moreWordsAt, step + 2, 17)
      b = turn(b, c, v128.bitselect(d, a, c), step + 3, wordsAt, step + 3, 22)
      f = turn(f, g, v128.bitselect(h, e, g), step + 3, moreWordsAt, step + 3, 22)
    }
    for (let step: u32 = 16; step < 32; step += 4) {
      a = turn(a, b, v128.bitselect(b, c, d), step, wordsAt, 5 * step + 1, 5)
      e = turn(e, f, v128.bitselect(f, g, h), step, moreWordsAt, 5 * step + 1, 5)
      d = turn(d, a, v128.bitselect(a, b, c), step + 1, wordsAt, 5 * step + 6, 9)
      h = turn(h, e, v128.bitselect(e, f, g), step + 1, moreWordsAt, 5 * step + 6, 9)
      c = turn(c, d, v128.bitselect(d, a, b), step + 2, wordsAt, 5 * step + 11, 14)
      g = turn(g, h, v128.bitselect(h, e, f), step + 2, moreWordsAt, 5 * step + 11, 14)
      b = turn(b, c, v128.bitselect(c, d, a), step + 3, wordsAt, 5 * step + 16, 20)
      f = turn(f, g, v128.bitselect(g, h, e), step + 3, moreWordsAt, 5 * step + 16, 20)
    }
    for (let step: u32 = 32; step < 48; step += 4) {
      a = turn(a, b, v128.xor(v128.xor(c, d), b), step, wordsAt, 3 * step + 5, 4)
      e = turn(e, f, v128.xor(v128.xor(g, h), f), step, moreWordsAt, 3 * step + 5, 4)
      d = turn(d, a, v128.xor(v128.xor(b, c), a), step + 1, wordsAt, 3 * step + 8, 11)
      h = turn(h, e, v128.xor(v128.xor(f, g), e), step + 1, moreWordsAt, 3 * step + 8, 11)
      c = turn(c, d, v128.xor(v128.xor(a, b), d), step + 2, wordsAt, 3 * step + 11, 16)
      g = turn(g, h, v128.xor(v128.xor(e, f), h), step + 2, moreWordsAt, 3 * step + 11, 16)
      b = turn(b, c, v128.xor(v128.xor(d, a), c), step + 3, wordsAt, 3 * step + 14, 23)
      f = turn(f, g, v128.xor(v128.xor(h, e), g), step + 3, moreWordsAt, 3 * step + 14, 23)
    }
    for (let step: u32 = 48; step < 64; step += 4) {
      a = turn(a, b, v128.xor(c, v128.or(b, v128.not(d))), step, wordsAt, 7 * step, 6)
      e = turn(e, f, v128.xor(g, v128.or(f, v128.not(h))), step, moreWordsAt, 7 * step, 6)
      d = turn(d, a, v128.xor(b, v128.or(a, v128.not(c))), step + 1, wordsAt, 7 * step + 7, 10)
      h = turn(h, e, v128.xor(f, v128.or(e, v128.not(g))), step + 1, moreWordsAt, 7 * step + 7, 10)
      c = turn(c, d, v128.xor(a, v128.or(d, v128.not(b))), step + 2, wordsAt, 7 * step + 14, 15)
      g = turn(g, h, v128.xor(e, v128.or(h, v128.not(f))), step + 2, moreWordsAt, 7 * step + 14, 15)
      b = turn(b, c, v128.xor(d, v128.or(c, v128.not(a))), step + 3, wordsAt, 7 * step + 21, 21)
      f = turn(f, g, v128.xor(h, v128.or(g, v128.not(e))), step + 3, moreWordsAt, 7 * step + 21, 21)
    }
    a = i32x4.add(a, aBefore)
    b = i32x4.add(b, bBefore)
    c = i32x4.add(c, cBefore)
    d = i32x4.add(d, dBefore)
    e = i32x4.add(e, eBefore)
    f = i32x4.add(f, fBefore)
    g = i32x4.add(g, gBefore)
    h = i32x4.add(h, hBefore)
  }
  v128.store(statesAt, a)
  v128.store(statesAt, b, 16)
  v128.store(statesAt, c, 32)
  v128.store(statesAt, d, 48)
  v128.store(statesAt, e, 64)
  v128.store(statesAt, f, 80)
  v128.store(statesAt, g, 96)
  v128.store(statesAt, h, 112)
}

/** One step of the 64, with the word of a number (of which the last four bits count). */
function turn(a: v128, b: v128, mixed: v128, step: usize, words: usize, word: usize, bits: i32): v128 {
  const known = i32x4.add(i32x4.add(a, v128.load(words + (word & 15) * 16)), v128.load32_splat(step * 4))
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
