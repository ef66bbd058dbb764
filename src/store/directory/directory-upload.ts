import { type FileHandle, link, open, rename, stat, unlink } from 'node:fs/promises'
import { Failure } from '../../errors.ts'
import { aboutFile } from '../../stream/about-file.ts'
import { BufferPool } from '../../stream/buffer-pool.ts'
import type { ObjectProof, Part, StoredObject, Upload, UploadOptions } from '../store.ts'
import { removeFile, syncDirectory, withInode, writeDurably } from './durable.ts'
import { type ObjectFiles, recordFile, uploadFile } from './layout.ts'
import { bytesFile, describeRecord, makeRecord } from './record.ts'

// Dirty memory is written out while the stream still flows: else the one sync at the end would take minutes.
const syncEveryBytes = 256 * 1024 * 1024
const compareBytes = 1024 * 1024
const comparesAtOnce = 2
// All uploads share it: there may be thirty at once, and a page cache is read as fast by two.
const scratch = new BufferPool(compareBytes, comparesAtOnce)

export interface DirectoryUploadOptions extends UploadOptions {
  readonly key: string
  readonly id: string
  readonly readBack: boolean
}

/** Opens the file of an upload: a new one, or (resumed) the one that is there. */
export async function openUpload(files: ObjectFiles, options: DirectoryUploadOptions, isNew: boolean) {
  const handle = await open(uploadFile(files, options.id), isNew ? 'wx+' : 'r+')
  return new DirectoryUpload(files, options, handle, isNew ? 0 : (await handle.stat()).size)
}

export class DirectoryUpload implements Upload {
  readonly #files: ObjectFiles
  readonly #options: DirectoryUploadOptions
  readonly #handle: FileHandle
  readonly #resumedBytes: number
  #storedBytes = 0
  reusedBytes = 0
  #unsyncedBytes = 0
  #sync: Promise<void> = Promise.resolve()
  #record: string | undefined
  readonly #named: (error: unknown) => never

  constructor(files: ObjectFiles, options: DirectoryUploadOptions, handle: FileHandle, resumedBytes: number) {
    this.#files = files
    this.#options = options
    this.#handle = handle
    this.#resumedBytes = resumedBytes
    this.#named = aboutFile(uploadFile(files, options.id))
  }

  async putPart(part: Part): Promise<void> {
    const wasThere = part.offset + part.bytes.length <= this.#resumedBytes && (await this.#isStored(part))
    if (wasThere) this.reusedBytes += part.bytes.length
    else {
      await this.#write(part).catch(this.#named)
      if (this.#options.readBack && !(await this.#isStored(part))) {
        throw new Failure(
          'data',
          `part ${part.number} of ${this.#options.key}: other bytes are read back than were written`,
        )
      }
    }
    this.#storedBytes += part.bytes.length
    this.#syncNowAndThen(part.bytes.length)
  }

  async publish(proof: ObjectProof): Promise<StoredObject> {
    if (proof.size !== this.#storedBytes) {
      throw new Failure('data', `${this.#options.key}: ${proof.size} bytes to publish, ${this.#storedBytes} stored`)
    }
    await this.#sync.catch(this.#named)
    if (proof.size < this.#resumedBytes) await this.#handle.truncate(proof.size).catch(this.#named)
    await this.#handle.sync().catch(this.#named)
    const file = bytesFile(await this.#handle.stat({ bigint: true }))
    const record = makeRecord(proof, this.#options.metadata, new Date())
    this.#record = recordFile(this.#files, file.inode)
    await writeDurably(this.#record, `${JSON.stringify(record)}\n`)
    await this.#giveName()
    this.#record = undefined
    await syncDirectory(this.#files.directory)
    await this.#handle.close()
    return describeRecord(record, this.#options.key)
  }

  // A disk does not keep anyone waiting for long.
  stop(): void {}

  async leave(): Promise<void> {
    await this.#sync.catch(() => {})
    await this.#handle.close().catch(() => {})
    if (this.#record !== undefined) await removeFile(this.#record)
  }

  async abandon(): Promise<void> {
    await this.leave()
    await removeFile(uploadFile(this.#files, this.#options.id))
  }

  async #write({ bytes, offset }: Part): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      done += (await this.#handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten
    }
  }

  async #isStored({ bytes, offset }: Part): Promise<boolean> {
    const buffer = await scratch.take()
    try {
      for (let done = 0; done < bytes.length; done += compareBytes) {
        const piece = bytes.subarray(done, done + compareBytes)
        const { bytesRead } = await this.#handle.read(buffer, 0, piece.length, offset + done).catch(this.#named)
        if (bytesRead < piece.length || Buffer.compare(buffer.subarray(0, bytesRead), piece) !== 0) return false
      }
      return true
    } finally {
      scratch.give(buffer)
    }
  }

  #syncNowAndThen(bytes: number): void {
    this.#unsyncedBytes += bytes
    if (this.#unsyncedBytes < syncEveryBytes) return
    this.#unsyncedBytes = 0
    this.#sync = this.#sync.then(() => this.#handle.datasync())
    this.#sync.catch(() => {})
  }

  async #giveName(): Promise<void> {
    const from = uploadFile(this.#files, this.#options.id)
    if (this.#options.overwrite) return this.#replace(from)
    try {
      await link(from, this.#files.bytes)
    } catch (error) {
      return this.#giveNameWithoutLink(from, error as NodeJS.ErrnoException)
    }
    // It is published: a second name that cannot be taken away does not undo that.
    await unlink(from).catch(() => {})
  }

  /** Some file systems have no hard links; there the check and the rename are two steps. */
  async #giveNameWithoutLink(from: string, error: NodeJS.ErrnoException): Promise<void> {
    const isLinkless = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(error.code ?? '')
    if (!isLinkless && error.code !== 'EEXIST') throw error
    if (!isLinkless || (await stat(this.#files.bytes).catch(() => undefined)) !== undefined) {
      throw new Failure('exists', `${this.#options.key}: came to be while it was being stored`, { cause: error })
    }
    await rename(from, this.#files.bytes)
  }

  async #replace(from: string): Promise<void> {
    await withInode(this.#files.bytes, async (old) => {
      await rename(from, this.#files.bytes)
      // It is published: an old record that cannot be taken away does not undo that.
      if (old !== undefined) await removeFile(recordFile(this.#files, old)).catch(() => {})
    })
  }
}
