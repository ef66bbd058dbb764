import { putStream } from '../store/put-stream.ts'
import type { Store } from '../store/store.ts'
import { iteratedInput } from '../stream/iterated-input.ts'
import type { ManifestFile } from './manifest-file.ts'

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
    const pieces = (async function* () {
      yield Buffer.from(text)
    })()
    const options = { overwrite: true, allowEmpty: false, metadata: () => ({}) }
    await putStream(this.#store, this.#options.key, iteratedInput(pieces), options)
    this.#copied = text
  }
}
