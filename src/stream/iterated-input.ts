import type { Input } from './input.ts'

/** Pieces as they come, such as a Node stream gives them, read as an Input. A piece is copied before the next is asked for. */
export function iteratedInput(pieces: AsyncIterable<Uint8Array>): Input {
  const iterator = pieces[Symbol.asyncIterator]()
  let rest = new Uint8Array(0)
  return {
    async fill(target) {
      let count = 0
      while (count < target.length) {
        if (rest.length === 0) {
          const next = await iterator.next()
          if (next.done) break
          rest = next.value as Uint8Array<ArrayBuffer>
        }
        const piece = rest.subarray(0, target.length - count)
        target.set(piece, count)
        count += piece.length
        rest = rest.subarray(piece.length)
      }
      return count
    },
    async close() {
      await iterator.return?.()
    },
  }
}
