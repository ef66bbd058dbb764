import type { Input } from '../../src/stream/input.ts'

/** An input of these bytes that gives at most `stepBytes` of them between two turns of the event loop. */
export function inputOf(bytes: Uint8Array, stepBytes = bytes.length): Input & { readonly wasClosed: boolean } {
  let at = 0
  let wasClosed = false
  return {
    async fill(target) {
      let count = 0
      while (count < target.length && at < bytes.length) {
        const piece = bytes.subarray(at, at + Math.min(stepBytes, target.length - count))
        target.set(piece, count)
        count += piece.length
        at += piece.length
        await new Promise(setImmediate)
      }
      return count
    },
    async close() {
      wasClosed = true
    },
    get wasClosed() {
      return wasClosed
    },
  }
}

/** Gives the first bytes and then fails, as a zfs send does that is killed. */
export function brokenInput(bytes: Uint8Array, atByte: number): Input {
  const input = inputOf(bytes.subarray(0, atByte))
  return {
    async fill(target) {
      const count = await input.fill(target)
      if (count < target.length) throw new Error('broke')
      return count
    },
    close: () => input.close(),
  }
}

/** All that an input gives, read with fills of `fillBytes`. */
export async function readAll(input: Input, fillBytes = 64 * 1024): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let count = fillBytes; count === fillBytes; ) {
    const target = new Uint8Array(fillBytes)
    count = await input.fill(target)
    pieces.push(Buffer.from(target.subarray(0, count)))
  }
  return Buffer.concat(pieces)
}

/** Bytes that never repeat in a pattern and are the same at every run. */
export function randomBytes(count: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(count)
  let state = seed >>> 0 || 1
  for (let i = 0; i < count; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state
  }
  return bytes
}
