/*
 * Sums of products over GF(256), x^8 + x^4 + x^3 + x^2 + 1.
 * Compiled twice: with SIMD, and without for processors that lack it.
 *
 * Memory   SIMD      0 (u8[16], u8[16])[256] for each factor its products with 0 … 15, and with 0, 16, … 240
 *          portable  0 u8[256][256] all products
 *          The rest belongs to the caller.
 */

const tableBytes: usize = ASC_FEATURE_SIMD ? 8192 : 65536

export function freeAt(): usize {
  return tableBytes
}

export function prepare(): void {
  for (let factor: u32 = 0; factor < 256; factor++) {
    if (ASC_FEATURE_SIMD) {
      for (let nibble: u32 = 0; nibble < 16; nibble++) {
        store<u8>(factor * 32 + nibble, product(factor, nibble))
        store<u8>(factor * 32 + 16 + nibble, product(factor, nibble << 4))
      }
    } else {
      for (let value: u32 = 0; value < 256; value++) store<u8>(factor * 256 + value, product(factor, value))
    }
  }
}

/** Adds `factor` times the source to the target. `length` is a multiple of 16. */
export function addProduct(target: usize, source: usize, length: usize, factor: u32): void {
  if (factor == 1) addSource(target, source, length)
  else if (ASC_FEATURE_SIMD) addByNibbles(target, source, length, factor * 32)
  else addByBytes(target, source, length, factor * 256)
}

function product(a: u32, b: u32): u8 {
  let sum: u32 = 0
  for (let bit: u32 = 0; bit < 8; bit++) {
    if ((b >> bit) & 1) sum ^= a
    a = a & 0x80 ? (a << 1) ^ 0x11d : a << 1
  }
  return <u8>sum
}

function addSource(target: usize, source: usize, length: usize): void {
  for (let at: usize = 0; at < length; at += 16) {
    if (ASC_FEATURE_SIMD) v128.store(target + at, v128.xor(v128.load(target + at), v128.load(source + at)))
    else {
      store<u64>(target + at, load<u64>(target + at) ^ load<u64>(source + at))
      store<u64>(target + at + 8, load<u64>(target + at + 8) ^ load<u64>(source + at + 8))
    }
  }
}

function addByNibbles(target: usize, source: usize, length: usize, table: usize): void {
  const low = v128.load(table)
  const high = v128.load(table + 16)
  const nibble = i8x16.splat(15)
  for (let at: usize = 0; at < length; at += 16) {
    const bytes = v128.load(source + at)
    const byLow = i8x16.swizzle(low, v128.and(bytes, nibble))
    const byHigh = i8x16.swizzle(high, i8x16.shr_u(bytes, 4))
    v128.store(target + at, v128.xor(v128.load(target + at), v128.xor(byLow, byHigh)))
  }
}

function addByBytes(target: usize, source: usize, length: usize, table: usize): void {
  for (let at: usize = 0; at < length; at++) {
    store<u8>(target + at, load<u8>(target + at) ^ load<u8>(table + load<u8>(source + at)))
  }
}
