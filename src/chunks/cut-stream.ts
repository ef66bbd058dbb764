import { type FileHandle, open, rename, stat, statfs, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import { aboutFile } from '../stream/about-file.ts'
import type { Input } from '../stream/input.ts'
import { suffixAt } from './chunk-name.ts'

/** The chunks of a stream that is being cut. */
export interface CutChunks {
  readonly names: ReadonlySet<string>
  /** The stream has ended, and all of it is in them. */
  readonly isWhole: boolean
}

export interface CutOptions {
  readonly folder: string
  /** What the chunks' names begin with. */
  readonly prefix: string
  readonly chunkBytes: number
  readonly signal: AbortSignal
  /** Resolves when more may be written. */
  readonly gate: () => Promise<void>
  /** Told of each chunk before it has its name. */
  readonly onChunk: (name: string) => void
  readonly onFullDisk: (free: boolean) => void
}

const pieceBytes = 256 * 1024
const fullDiskMs = 1000
// Left for the lists of what is shipped: could they not be written, nothing would be removed and no space come free.
const reservedBytes = 512 * 1024

/** Writes a stream as chunk files; each gets its name when it is whole and on the disk. A full disk is waited for. */
export async function cutStream(input: Input, options: CutOptions): Promise<void> {
  const buffer = new Uint8Array(pieceBytes)
  for (let index = 0; ; index++) {
    await options.gate()
    const name = options.prefix + suffixAt(index)
    if (
      (await cutOne(input, join(options.folder, name), join(options.folder, `.${name}.part`), buffer, options)) ===
      false
    )
      return
  }
}

/** False when the input has ended. */
async function cutOne(input: Input, path: string, temporary: string, buffer: Uint8Array, options: CutOptions) {
  const taken = await stat(path).catch(() => undefined)
  if (taken !== undefined)
    throw new Failure('exists', `${path}: exists already`, {
      hint: 'it is of another stream: ship it elsewhere, or cut this one in another directory',
    })
  const handle = await open(temporary, 'w').catch(aboutFile(temporary))
  try {
    let size = 0
    let count = buffer.length
    while (size < options.chunkBytes && count > 0) {
      const wanted = buffer.subarray(0, Math.min(buffer.length, options.chunkBytes - size))
      count = await input.fill(wanted)
      await writeAll(handle, buffer.subarray(0, count), temporary, options)
      size += count
      if (count < wanted.length) break
    }
    await whenFree(() => handle.sync(), options)
    await handle.close()
    if (size === 0) await unlink(temporary)
    else {
      options.onChunk(basename(path))
      await rename(temporary, path)
    }
    return size === options.chunkBytes
  } catch (error) {
    await handle.close().catch(() => {})
    await unlink(temporary).catch(() => {})
    throw error
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, file: string, options: CutOptions): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    options.signal.throwIfAborted()
    done += await whenFree(async () => {
      await requireSpace(options.folder, bytes.length - done)
      return (await handle.write(bytes, done).catch(aboutFile(file))).bytesWritten
    }, options)
  }
}

async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize >= bytes + reservedBytes) return
  throw Object.assign(new Error(`${folder}: the disk is nearly full`), { code: 'ENOSPC', syscall: 'write' })
}

/** Does it again while the disk is full. */
async function whenFree<T>(work: () => Promise<T>, { signal, onFullDisk }: CutOptions): Promise<T> {
  let wasFull = false
  for (;;) {
    try {
      const result = await work()
      if (wasFull) onFullDisk(true)
      return result
    } catch (error) {
      if (!['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
      if (!wasFull) onFullDisk(false)
      wasFull = true
      await sleep(fullDiskMs, undefined, { signal }).catch(() => {})
      signal.throwIfAborted()
    }
  }
}
