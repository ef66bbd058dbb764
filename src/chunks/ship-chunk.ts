import { close, fstat, open } from 'node:fs'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Failure } from '../errors.ts'
import { putStream } from '../store/put-stream.ts'
import type { OpenObject, Store } from '../store/store.ts'
import { type Check, checked } from '../stream/checked-input.ts'
import { FileInput } from '../stream/file-input.ts'
import type { Input } from '../stream/input.ts'
import { isSame, type Sight } from './chunk-life.ts'
import { type FileSums, startFileDigests } from './file-digests.ts'
import type { ManifestChunk } from './manifest.ts'

const openFile = promisify(open)
const statOpen = promisify(fstat)
const closeFile = promisify(close)

export interface ShipOptions {
  /** The name in the manifest; the key if not given. */
  readonly name: string
  /** The file as it was when it was found complete. */
  readonly sight: Sight
  /** They look at every piece, such as a rate limit. */
  readonly checks: readonly Check[]
  readonly spareBuffers?: Uint8Array[]
  readonly signal?: AbortSignal | undefined
}

const compareBytes = 1024 * 1024

// An object that is found in the way may be taken away before it is compared; what is no object is there at the next try too.
const mostTries = 2
const otherStreamHint = '--stream NAME keeps another stream apart'

/**
 * Stores a file under a key and resolves when the store's checksum of it equals ours. An object that is there already
 * is compared with the file instead: equal, it is proven; else that is a Failure 'exists', and both stay as they are. A
 * file that changes meanwhile is a Failure 'retry', and no object stays.
 */
export async function shipChunk(store: Store, key: string, file: string, options: ShipOptions): Promise<ManifestChunk> {
  for (let tries = 1; ; tries++) {
    try {
      return await storeChunk(store, key, file, options)
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== 'exists') throw error
      const compared = await compareChunk(store, key, file, options, error)
      if (compared !== undefined) return compared
      if (tries === mostTries) throw new Failure('exists', error.message, { hint: otherStreamHint, cause: error })
    }
  }
}

function storeChunk(store: Store, key: string, file: string, options: ShipOptions): Promise<ManifestChunk> {
  return readThrough(file, options, async (input, checksums) => {
    const object = await putStream(store, key, input, {
      ...{ overwrite: false, allowEmpty: true, metadata: () => ({}), checksums },
      isShort: options.sight.size < store.partBytes(1),
      spareBuffers: options.spareBuffers,
    })
    try {
      unchanged(file, options.sight, await sightOfFile(file))
    } catch (error) {
      await store.remove(object.key)
      throw error
    }
  })
}

/** Undefined if there is no object. */
async function compareChunk(store: Store, key: string, file: string, options: ShipOptions, cause: Failure) {
  const object = await store.open(key).catch(async (error: unknown) => {
    // A store that cannot be asked at the moment is 'unavailable' too.
    const mayBeGone = error instanceof Failure && error.kind === 'unavailable'
    if (mayBeGone && (await store.describe(key)) === undefined) return undefined
    throw error
  })
  if (object === undefined) return undefined
  const differs = (what: string) =>
    new Failure('exists', `${store.urlOf(key)}: ${what}`, { hint: otherStreamHint, cause })
  try {
    if (object.size !== options.sight.size) {
      throw differs(`is ${object.size} bytes there, and ${options.sight.size} here`)
    }
    return await readThrough(file, options, async (input) => {
      const found = await compareBytesOf(object, input)
      if (found !== undefined) throw differs(found)
      await object.keep?.()
    })
  } finally {
    await object.close()
  }
}

/** What differs, in words. The bytes are read: what the store's books say of them may be older than their damage. */
async function compareBytesOf(object: OpenObject, input: Input): Promise<string | undefined> {
  const [here, there] = [new Uint8Array(new SharedArrayBuffer(compareBytes)), new Uint8Array(compareBytes)]
  let offset = 0
  for (let count = here.length; count === here.length; offset += count) {
    count = await input.fill(here)
    if (count > 0) await object.read(offset, there.subarray(0, count))
    const differs = Buffer.compare(here.subarray(0, count), there.subarray(0, count)) !== 0
    if (differs) return `other bytes than here, behind byte ${offset}`
  }
  return undefined
}

/** The file's checksums are known when its end has been given. */
type Consume = (input: Input, checksums: () => Partial<FileSums>) => Promise<void>

/** Lets a consumer read the file, whose digests come with it. */
async function readThrough(file: string, options: ShipOptions, consume: Consume): Promise<ManifestChunk> {
  const fd = await openFile(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new Failure('retry', `${file}: has gone`, { cause: error })
    throw error
  })
  const digests = await startFileDigests(options.sight.size)
  try {
    let size = 0
    let sums: FileSums | undefined
    const counter: Check = {
      look(piece) {
        size += piece.length
        return digests.update(piece)
      },
      // Before the end is given, and so before the object can be seen.
      async finish() {
        unchanged(file, options.sight, await sightOfOpen(fd), await sightOfFile(file))
        sums = await digests.finish()
      },
    }
    unchanged(file, options.sight, await sightOfOpen(fd))
    await consume(checked(sizedInput(fd, options), [...options.checks, counter]), () => sums ?? {})
    if (sums === undefined) throw new Error(`${file}: was not read to its end`)
    return { chunk: options.name, size, ...sums }
  } catch (error) {
    await digests.stop()
    throw error
  } finally {
    await closeFile(fd)
  }
}

/** It ends where the file ended when it was found. If there is more by now, the file has changed, and is asked for that. */
function sizedInput(fd: number, { sight, signal }: ShipOptions): Input {
  const source = new FileInput(fd, signal)
  let left = sight.size
  return {
    async fill(target) {
      const count = await source.fill(target.subarray(0, left))
      left -= count
      return count
    },
    close: async () => {},
  }
}

/** Throws 'retry' unless all that was seen of a file is what was seen at first. */
function unchanged(file: string, sight: Sight, ...found: readonly (Sight | undefined)[]): void {
  if (found.every((each) => each !== undefined && isSame(each, sight))) return
  throw new Failure('retry', `${file}: changed while it was being shipped`)
}

/** Undefined if there is none. */
export async function sightOfFile(file: string): Promise<Sight | undefined> {
  const found = await stat(file, { bigint: true }).catch(() => undefined)
  return found === undefined ? undefined : { size: Number(found.size), mtimeNs: found.mtimeNs, inode: found.ino }
}

async function sightOfOpen(fd: number): Promise<Sight> {
  const found = await statOpen(fd, { bigint: true })
  return { size: Number(found.size), mtimeNs: found.mtimeNs, inode: found.ino }
}
