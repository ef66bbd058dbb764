import { loadHashWasm } from './hash-wasm.ts'

/** XXH64 of pieces one after the other, with seed 0, as 8 bytes, most significant first. */
export type Xxh64 = (...pieces: readonly Uint8Array[]) => Uint8Array

/** A checksum for many small pieces of data: 3 GB/s at 1.4 KB. */
export async function createXxh64(): Promise<Xxh64> {
  const hash = await loadHashWasm().createXXHash64()
  return (...pieces) => {
    hash.init()
    for (const piece of pieces) hash.update(piece)
    return hash.digest('binary')
  }
}
