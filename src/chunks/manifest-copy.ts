import { Failure } from '../errors.ts'
import { putStream } from '../store/put-stream.ts'
import type { Store } from '../store/store.ts'
import { iteratedInput } from '../stream/iterated-input.ts'
import type { ManifestFile } from './manifest-file.ts'
import { readManifest } from './stored-manifest.ts'

const newline = 0x0a
const otherWays = '--stream NAME keeps another stream apart; if it is of this stream, put it in the place of that file'

export interface ManifestCopyOptions {
  readonly key: string
  /** At most one copy in so many milliseconds, but for the last. */
  readonly everyMs: number
  /** Told when a copy fails that is not the last: another will be made. */
  readonly onTrouble: (error: unknown) => void
}

/** Copies of the manifest in the store: where this machine is lost, they tell what was shipped. */
export class ManifestCopy {
  readonly #store: Store
  readonly #manifest: ManifestFile
  readonly #options: ManifestCopyOptions
  #timer: NodeJS.Timeout | undefined
  #copying: Promise<void> = Promise.resolve()
  #copiedBytes = 0

  constructor(store: Store, manifest: ManifestFile, options: ManifestCopyOptions) {
    this.#store = store
    this.#manifest = manifest
    this.#options = options
  }

  /**
   * Our manifest only grows: a copy of ours is its beginning. Any other belongs to another stream, or to a program on
   * another machine: that is a Failure 'exists', and it stays.
   */
  async refuseForeign(): Promise<void> {
    const { key } = this.#options
    if ((await this.#store.describe(key)) === undefined) return
    const ours = iteratedInput(this.#manifest.read(this.#manifest.bytes))
    let line = 1
    let isForeign = false
    // To its end, where it is proven: a damaged copy of ours is not another stream's.
    for await (const there of readManifest(this.#store, key)) {
      const here = new Uint8Array(there.length)
      const count = await ours.fill(here)
      for (let at = 0; at < there.length && !isForeign; at++) {
        isForeign = at >= count || there[at] !== here[at]
        if (there[at] === newline && !isForeign) line++
      }
    }
    if (isForeign) throw this.#foreign(line)
  }

  #foreign(line: number): Failure {
    const url = this.#store.urlOf(this.#options.key)
    if (this.#manifest.chunks.size === 0) {
      return new Failure('exists', `${url}: is there, and there is nothing in ${this.#manifest.file}`, {
        hint: `--state names where the list of this stream is; ${otherWays}`,
      })
    }
    return new Failure('exists', `${url}: from line ${line} on it is not ${this.#manifest.file}`, {
      hint: otherWays,
    })
  }

  /** The manifest has grown: a copy is made in a while. */
  touch(): void {
    this.#timer ??= setTimeout(() => {
      this.#copying = this.#copy()
        .catch(this.#options.onTrouble)
        .finally(() => {
          this.#timer = undefined
        })
    }, this.#options.everyMs).unref()
  }

  /** The last copy, if the manifest has grown since. Throws what the store says. */
  async finish(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#copying
    clearTimeout(this.#timer)
    if (this.#manifest.chunks.size > 0) await this.#copy()
  }

  async #copy(): Promise<void> {
    const { bytes } = this.#manifest
    if (bytes === this.#copiedBytes) return
    await this.refuseForeign()
    const options = { overwrite: true, allowEmpty: false, metadata: () => ({}) }
    await putStream(this.#store, this.#options.key, iteratedInput(this.#manifest.read(bytes)), options)
    this.#copiedBytes = bytes
  }
}
