export type Sums = readonly [a: bigint, b: bigint, c: bigint, d: bigint]

export const noSums: Sums = [0n, 0n, 0n, 0n]

/** fletcher4 as its definition reads, to compare with. */
export function referenceFletcher4(bytes: Uint8Array, isLittleEndian = true, before: Sums = noSums): Sums {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let [a, b, c, d] = before
  for (let at = 0; at < bytes.length; at += 4) {
    a += BigInt(view.getUint32(at, isLittleEndian))
    b += a
    c += b
    d += c
    // 64 words let the largest grow by less than 20 bits: cutting back now and then is a few times as fast.
    if (at % 256 === 0)
      [a, b, c, d] = [a, b, c, d].map((sum) => BigInt.asUintN(64, sum)) as [bigint, bigint, bigint, bigint]
  }
  return [a, b, c, d].map((sum) => BigInt.asUintN(64, sum)) as unknown as Sums
}
