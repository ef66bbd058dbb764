import { Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** Passes all on but for one bit: the last of the first byte. */
export function flippingOneBit(): Transform {
  let isFirst = true
  return new Transform({
    transform(bytes: Buffer, _, done) {
      const changed = Buffer.from(bytes)
      if (isFirst && changed.length > 0) changed[0]! ^= 1
      isFirst = false
      done(null, changed)
    },
  })
}

/** Passes on no more than so many bytes a second. */
export function paced(bytesPerSecond: number): Transform {
  return new Transform({
    transform(bytes: Buffer, _, done) {
      void sleep((bytes.length / bytesPerSecond) * 1000).then(() => done(null, bytes))
    },
  })
}

/** Passes the first bytes on, then calls `then` and swallows the rest. */
export function firstBytes(count: number, then: () => void): Transform {
  let left = count
  return new Transform({
    transform(bytes: Buffer, _, done) {
      const piece = bytes.subarray(0, left)
      left -= piece.length
      if (piece.length > 0) this.push(piece)
      if (left === 0) setImmediate(then)
      done()
    },
  })
}
