import { Failure } from '../errors.ts'

/**
 * Memory in one piece, of which ranges are taken and given back: unlike buffers that are dropped, they wait for no garbage
 * collection, which must have come in each thread that has seen them. What was never used of it takes no memory.
 */
export class Arena {
  readonly bytes: number
  readonly #memory: SharedArrayBuffer
  /** By where they begin. */
  #taken: Uint8Array[] = []

  /** Throws 'unavailable' if the system does not promise so much. */
  constructor(bytes: number) {
    this.bytes = bytes
    try {
      this.#memory = new SharedArrayBuffer(bytes)
    } catch (error) {
      const hint = '--memory asks for less'
      throw new Failure('unavailable', `the system does not give ${bytes} bytes of memory`, { hint, cause: error })
    }
  }

  /** As low as it fits; undefined if it does not. */
  take(bytes: number): Uint8Array | undefined {
    let start = 0
    let index = 0
    for (const { byteOffset, length } of this.#taken) {
      if (byteOffset - start >= bytes) break
      start = byteOffset + length
      index++
    }
    if (start + bytes > this.bytes) return undefined
    const range = new Uint8Array(this.#memory, start, bytes)
    this.#taken.splice(index, 0, range)
    return range
  }

  /** False if it was not taken from here. */
  give(range: Uint8Array): boolean {
    const others = this.#taken.filter((each) => each !== range)
    const isOurs = others.length < this.#taken.length
    this.#taken = others
    return isOurs
  }
}
