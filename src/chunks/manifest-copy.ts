import { Failure } from '../errors.ts'
import { putStream } from '../store/put-stream.ts'
import type { Store } from '../store/store.ts'
import { iteratedInput } from '../stream/iterated-input.ts'
import type { ManifestFile } from './manifest-file.ts'
import { storedManifest } from './stored-manifest.ts'

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
  #copied = ''

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
    const found = await storedManifest(this.#store, key)
    if (found === undefined || this.#manifest.text.startsWith(found)) return
    const [there, here] = [found.split('\n'), this.#manifest.text.split('\n')]
    const line = there.findIndex((text, index) => text !== here[index]) + 1
    throw new Failure('exists', `${this.#store.urlOf(key)}: from line ${line} on it is not ${this.#manifest.file}`, {
      hint: '--stream NAME keeps another stream apart; if it is of this stream, put it in the place of that file',
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
    const { text } = this.#manifest
    if (text === this.#copied) return
    await this.refuseForeign()
    const pieces = (async function* () {
      yield Buffer.from(text)
    })()
    const options = { overwrite: true, allowEmpty: false, metadata: () => ({}) }
    await putStream(this.#store, this.#options.key, iteratedInput(pieces), options)
    this.#copied = text
  }
}
