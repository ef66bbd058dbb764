import type { Readable } from 'node:stream'
import type { Input } from './input.ts'

/** A Node stream, such as a child's stdout, read as an Input. */
export function readableInput(readable: Readable): Input {
  const iterator: AsyncIterator<Buffer> = readable[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  return {
    async fill(target) {
      let count = 0
      while (count < target.length) {
        if (rest.length === 0) {
          const next = await iterator.next()
          if (next.done) break
          rest = next.value
        }
        const piece = rest.subarray(0, target.length - count)
        target.set(piece, count)
        count += piece.length
        rest = rest.subarray(piece.length)
      }
      return count
    },
    async close() {
      readable.destroy()
    },
  }
}
