import { Failure } from '../../errors.ts'
import type { Child } from '../../stream/child.ts'
import { createDigest } from '../../stream/digest.ts'
import { programInput } from '../../stream/program-input.ts'
import { isRecordOf } from '../directory/layout.ts'
import { describeRecord, makeRecord } from '../directory/record.ts'
import type { ObjectProof, Part, StoredObject, Upload, UploadOptions } from '../store.ts'
import { type KeyFiles, newRecordKey, uploadKey } from './layout.ts'
import { rcloneEndsWell, startRclone } from './rclone.ts'
import { type Entry, patternOf, type Remote, type RemoteFeatures, startHash } from './remote.ts'

const readBackBytes = 1024 * 1024

export interface RcloneUploadOptions extends UploadOptions {
  readonly key: string
  readonly id: string
  readonly readBack: boolean
}

/** One `rclone rcat` to a name beside the key. What it stored is compared as a whole, when it is published. */
export class RcloneUpload implements Upload {
  readonly reusedBytes = 0
  readonly #remote: Remote
  readonly #files: KeyFiles
  readonly #options: RcloneUploadOptions
  readonly #hashName: RemoteFeatures['hash']
  readonly #isHashSlow: boolean
  readonly #hash: ReturnType<typeof startHash> | undefined
  readonly #temporary: string
  readonly #record: string
  readonly #child: Child
  #written: Promise<void> = Promise.resolve()
  #storedBytes = 0
  #mayRemoveRecord = false

  constructor(remote: Remote, files: KeyFiles, features: RemoteFeatures, options: RcloneUploadOptions) {
    const { hash } = features
    this.#remote = remote
    this.#files = files
    this.#options = options
    this.#hashName = hash
    this.#isHashSlow = features.isHashSlow
    this.#hash = hash === undefined ? undefined : startHash(hash)
    this.#temporary = uploadKey(files, options.id)
    this.#record = newRecordKey(files)
    this.#child = startRclone(['rcat'], [remote.pathOf(this.#temporary)], 'pipe')
    // Each write is told of it; between two of them nobody listens.
    this.#child.stdin?.on('error', () => {})
  }

  /** Its callers' order is the pipe's: a part that comes too early has no place to wait in. */
  putPart(part: Part): Promise<void> {
    this.#written = this.#written.then(() => this.#write(part))
    return this.#written
  }

  async publish(proof: ObjectProof): Promise<StoredObject> {
    await this.#written
    const { key, metadata } = this.#options
    if (proof.size !== this.#storedBytes) {
      throw new Failure('data', `${key}: ${proof.size} bytes to publish, ${this.#storedBytes} stored`)
    }
    this.#child.stdin.end()
    await rcloneEndsWell(this.#child, 'rcat')
    const hash = this.#hashName && this.#hash && { name: this.#hashName, hex: this.#hash.hex() }
    const hasHash = await this.#compare(this.#temporary, proof, hash?.hex)
    if (!hasHash && this.#options.readBack) await this.#readBack(proof)

    // Of a program that is killed a record stays, and beside the object of another it would tell of other bytes.
    await this.#refuseExisting()
    const record = { ...makeRecord(proof, metadata, new Date()), ...(hash && hasHash && { hash }) }
    const old = await this.#oldRecords()
    this.#mayRemoveRecord = true
    await this.#remote.write(this.#record, `${JSON.stringify(record)}\n`)
    await this.#giveName(proof, hash?.hex)
    for (const each of old) await this.#remote.remove(each).catch(() => {})
    return describeRecord(record, key)
  }

  stop(): void {
    void this.#child.stop()
  }

  leave(): Promise<void> {
    return this.abandon()
  }

  async abandon(): Promise<void> {
    await this.#child.stop()
    await this.#remote.remove(this.#temporary)
    if (this.#mayRemoveRecord) await this.#remote.remove(this.#record)
  }

  async #write({ number, offset, bytes }: Part): Promise<void> {
    if (offset !== this.#storedBytes) {
      throw new Error(`part ${number} begins at ${offset}, the part before ended at ${this.#storedBytes}`)
    }
    this.#hash?.update(bytes)
    await new Promise<void>((resolve, reject) => {
      this.#child.stdin.write(bytes, (error) => (error ? reject(error) : resolve()))
    }).catch(async (error: unknown) => {
      await rcloneEndsWell(this.#child, 'rcat')
      throw new Failure('retry', `rclone rcat ended before the stream`, { cause: error })
    })
    this.#storedBytes += bytes.length
  }

  /** Compares what the remote says of a file; its size alone without a hash. False if it has no hash of it. */
  async #compare(key: string, proof: ObjectProof, hash: string | undefined): Promise<boolean> {
    const url = this.#remote.urlOf(key)
    const entry = await this.#remote.stat(key, hash === undefined ? undefined : this.#hashName)
    if (entry === undefined) {
      throw new Failure('unavailable', `${url}: not there although rclone stored it`, {
        hint: 'a remote that lasts no longer than its program, such as :memory:, stores nothing',
      })
    }
    if (entry.size !== proof.size) {
      throw new Failure('data', `${url}: is ${entry.size} bytes on the remote, ${proof.size} were sent`)
    }
    const found = this.#hashName && entry.hashes[this.#hashName]
    if (!found) return false
    if (found === hash) return true
    throw new Failure('data', `${url}: ${this.#hashName} is ${found} on the remote, ${hash} of what was sent`)
  }

  async #readBack(proof: ObjectProof): Promise<void> {
    const digest = await createDigest('xxh64')
    const child = startRclone(['cat'], [this.#remote.pathOf(this.#temporary)], 'ignore')
    const input = programInput(child, 'retry')
    const buffer = new Uint8Array(readBackBytes)
    try {
      for (let count = buffer.length; count === buffer.length; ) {
        count = await input.fill(buffer)
        digest.update(buffer.subarray(0, count))
      }
    } finally {
      await input.close()
    }
    const found = digest.hex()
    if (found === proof.checksums.xxh64) return
    const url = this.#remote.urlOf(this.#temporary)
    throw new Failure(
      'data',
      `${url}: xxh64 is ${found} of what was read back, ${proof.checksums.xxh64} of what was sent`,
    )
  }

  async #giveName(proof: ObjectProof, hash: string | undefined): Promise<void> {
    const { key } = this.#options
    await this.#refuseExisting()
    // From here on the object may be there, whatever rclone says: its record must stay.
    this.#mayRemoveRecord = false
    await this.#remote.rename(this.#temporary, key).catch(async (error: unknown) => {
      if (await this.#isMoved(proof)) return
      throw error
    })
    await this.#compare(key, proof, this.#isHashSlow ? undefined : hash)
  }

  async #refuseExisting(): Promise<void> {
    const { key, overwrite } = this.#options
    if (overwrite || (await this.#remote.stat(key)) === undefined) return
    throw new Failure('exists', `${key}: came to be while it was being stored`)
  }

  /** The answer was lost, not the work. */
  async #isMoved(proof: ObjectProof): Promise<boolean> {
    const [from, to] = await Promise.all([this.#remote.stat(this.#temporary), this.#remote.stat(this.#options.key)])
    return from === undefined && to?.size === proof.size
  }

  async #oldRecords(): Promise<string[]> {
    const { folder, name } = this.#files
    const entries: Entry[] = await this.#remote.list(folder, [`/.${patternOf(name)}.*.zpipes`])
    return entries.filter(({ path }) => isRecordOf(name, path)).map(({ path }) => folder + path)
  }
}
