import { createReadStream } from 'node:fs'
import { getStream } from '../store/get-stream.ts'
import type { Store } from '../store/store.ts'
import { compareChunkNames } from './chunk-name.ts'
import type { StreamName } from './manifest.ts'

/** Judges the bytes of a stream as they come, such as the reader of ZFS streams does. */
export interface StreamOpinion {
  push(bytes: Uint8Array): void
  /** 'plain': of this form nothing can be told. 'whole' if it ends here. */
  readonly state: 'open' | 'whole' | 'damaged' | 'plain'
  /** Of a stream that is damaged, or not whole yet. */
  readonly reason: string
  readonly stream: StreamName | undefined
}

export interface StreamCheckOptions {
  begin(): StreamOpinion
  /** Chunks that are gone here may be fetched from the store. */
  readonly mayFetch: boolean
  readonly keyOf: (name: string) => string
}

/** Looks through the chunks in the stream's order, to know whether it is whole. It holds no more than a piece of one. */
export class StreamCheck {
  readonly #store: Store
  readonly #options: StreamCheckOptions
  #opinion: StreamOpinion
  #last: string | undefined
  #seen = new Set<string>()

  constructor(store: Store, options: StreamCheckOptions) {
    this.#store = store
    this.#options = options
    this.#opinion = options.begin()
  }

  get opinion(): StreamOpinion {
    return this.#opinion
  }

  hasSeen(name: string): boolean {
    return this.#seen.has(name)
  }

  /** Whether it is of no use to wait for us. */
  get isDone(): boolean {
    return this.#opinion.state === 'plain' || this.#opinion.state === 'damaged'
  }

  /**
   * Goes on through the names, all that are known, as far as they can be had: `recorded` has the paths of those that are
   * here and stored, `stored` says which are in the store. True if it has come to the end.
   */
  async advance(names: readonly string[], recorded: ReadonlyMap<string, string>, stored: Pick<Set<string>, 'has'>) {
    // One that belongs before what was seen: what we think is worth nothing.
    if (names.some((name) => !this.#seen.has(name) && this.#isBeforeLast(name))) this.#beginAgain()
    for (const name of names.filter((each) => !this.#seen.has(each)).sort(compareChunkNames)) {
      if (this.isDone) return true
      // Two files may have one name.
      if (this.#seen.has(name)) continue
      const path = recorded.get(name)
      if (path === undefined && !(stored.has(name) && this.#options.mayFetch)) return false
      await this.#read(path === undefined ? this.#fetch(name) : createReadStream(path, { highWaterMark: 1 << 20 }))
      this.#seen.add(name)
      this.#last = name
    }
    return true
  }

  #isBeforeLast(name: string): boolean {
    return this.#last !== undefined && compareChunkNames(name, this.#last) < 0
  }

  #beginAgain(): void {
    this.#opinion = this.#options.begin()
    this.#last = undefined
    this.#seen = new Set()
  }

  async #read(pieces: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const piece of pieces) {
      this.#opinion.push(piece)
      if (this.isDone) return
    }
  }

  async *#fetch(name: string): AsyncGenerator<Uint8Array> {
    const object = await this.#store.open(this.#options.keyOf(name))
    try {
      yield* getStream(this.#store, object, { verify: true, checks: [] })
    } finally {
      await object.close()
    }
  }
}
