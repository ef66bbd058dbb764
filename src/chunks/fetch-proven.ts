import { Failure } from '../errors.ts'
import { getStream } from '../store/get-stream.ts'
import type { Store } from '../store/store.ts'
import type { Check } from '../stream/checked-input.ts'
import { createDigest } from '../stream/digest.ts'

export interface Wanted {
  readonly name: string
  readonly bytes: number
  /** Undefined without a manifest: then the store's own checksum is what it is compared with. */
  readonly sha256: string | undefined
}

export interface FetchOptions {
  /** A chunk that is larger is read twice. */
  readonly memoryBytes: number
  /** Of each chunk anew: they look at what is read, such as a rate limit. */
  readonly checks: () => readonly Check[]
}

export type Pieces = () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Resolves when the whole chunk has equalled its checksum. */
export async function fetchProven(store: Store, chunk: Wanted, { memoryBytes, checks }: FetchOptions): Promise<Pieces> {
  if (chunk.bytes > memoryBytes) {
    for await (const _ of readChunk(store, chunk, checks())) void _
    return () => readChunk(store, chunk, checks())
  }
  const whole = Buffer.allocUnsafe(chunk.bytes)
  let at = 0
  for await (const piece of readChunk(store, chunk, checks())) {
    whole.set(piece, at)
    at += piece.length
  }
  return () => [whole]
}

async function* readChunk(store: Store, { name, bytes, sha256 }: Wanted, checks: readonly Check[]) {
  const object = await openChunk(store, name)
  try {
    if (object.size !== bytes) throw wrong(store, name, `${object.size} bytes there`, `${bytes} in the manifest`)
    const digest = await createDigest('sha256')
    for await (const piece of getStream(store, object, { verify: true, checks })) {
      digest.update(piece)
      yield piece
    }
    const found = digest.hex()
    if (sha256 !== undefined && found !== sha256)
      throw wrong(store, name, `sha256 is ${found}`, `${sha256} in the manifest`)
  } finally {
    await object.close()
  }
}

async function openChunk(store: Store, name: string) {
  return store.open(name).catch((error: unknown) => {
    if (!(error instanceof Failure) || error.kind !== 'unavailable') throw error
    throw new Failure('data', `${store.urlOf(name)}: the chunk is missing`, { cause: error })
  })
}

function wrong(store: Store, name: string, found: string, expected: string): Failure {
  return new Failure('data', `${store.urlOf(name)}: ${found}, ${expected}`)
}
