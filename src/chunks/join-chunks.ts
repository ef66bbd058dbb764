import { Failure } from '../errors.ts'
import { getStream } from '../store/get-stream.ts'
import type { Store } from '../store/store.ts'
import type { Check } from '../stream/checked-input.ts'
import { createDigest } from '../stream/digest.ts'
import { inOrder } from '../stream/in-order.ts'
import { compareChunkNames, successorsOf } from './chunk-name.ts'
import { type Manifest, type ManifestChunk, type ManifestEnd, orderedChunks, parseManifest } from './manifest.ts'
import { manifestName, md5Name } from './manifest-file.ts'
import type { StreamOpinion } from './stream-check.ts'

export interface JoinOptions {
  /** Begin with this chunk; those before it have been written. */
  readonly from?: string | undefined
  /** Chunks fetched ahead, and the memory for them; a larger one is read twice instead. */
  readonly ahead: number
  readonly memoryBytes: number
  /** Judges the stream where no manifest says that it is whole. */
  readonly begin: () => StreamOpinion
  /** Of each chunk anew: they look at what is read, such as a rate limit. */
  readonly checks: () => readonly Check[]
}

interface Wanted {
  readonly name: string
  readonly bytes: number
  /** Undefined without a manifest: then the store's own checksum is what it is compared with. */
  readonly sha256: string | undefined
}

/**
 * The chunks below a prefix of the store as one stream. No byte of a chunk is given before all of it has equalled its
 * checksum, and none of the last before the stream is known to be whole. A gap, a wrong chunk or a missing end is a
 * Failure 'data' that names the chunk.
 */
export async function* joinChunks(store: Store, options: JoinOptions): AsyncGenerator<Uint8Array> {
  const manifest = await readManifest(store)
  const all = manifest?.end === undefined ? await foundChunks(store, manifest) : manifestChunks(manifest, manifest.end)
  const wanted = startingFrom(all, options.from)
  // Where a manifest says so, it is whole; of a stream whose beginning is left out nothing else can.
  const isWhole = manifest?.end !== undefined
  if (!isWhole && options.from !== undefined) throw noEnd(store)
  const opinion = isWhole ? undefined : options.begin()
  const limits = { concurrency: options.ahead, budgetBytes: options.memoryBytes }
  let index = 0
  for await (const pieces of inOrder(wanted, (chunk) => fetchProven(store, chunk, options), limits)) {
    index += 1
    if (opinion !== undefined) await look(opinion, pieces, index === wanted.length ? store : undefined)
    yield* pieces()
  }
}

/** Lets a chunk be judged before it is given; behind the last, the stream must be whole. */
async function look(opinion: StreamOpinion, pieces: Pieces, lastOf: Store | undefined): Promise<void> {
  for await (const piece of pieces()) opinion.push(piece)
  if (lastOf !== undefined && opinion.state !== 'whole') throw noEnd(lastOf, opinion.reason)
}

async function readManifest(store: Store): Promise<Manifest | undefined> {
  if ((await store.describe(manifestName)) === undefined) return undefined
  const object = await store.open(manifestName)
  try {
    const pieces: Buffer[] = []
    for await (const piece of getStream(store, object, { verify: true, checks: [] })) pieces.push(Buffer.from(piece))
    return parseManifest(Buffer.concat(pieces).toString('utf8'), store.urlOf(manifestName))
  } finally {
    await object.close()
  }
}

function manifestChunks(manifest: Manifest, end: ManifestEnd): readonly Wanted[] {
  const chunks = orderedChunks(manifest)
  const size = chunks.reduce((sum, chunk) => sum + chunk.size, 0)
  if (end.chunks !== chunks.length || end.size !== size) {
    const [found, ended] = [`${chunks.length} chunks of ${size} bytes`, `${end.chunks} of ${end.size}`]
    throw new Failure('data', `${manifestName}: has ${found}, and an END for ${ended}`)
  }
  checkGaps(chunks.map(({ chunk }) => chunk))
  return chunks.map(wantedOf)
}

function wantedOf({ chunk: name, size: bytes, sha256 }: ManifestChunk): Wanted {
  return { name, bytes, sha256 }
}

/** Those that are there, and those of a manifest that has no END: it may be older than they are. */
async function foundChunks(store: Store, manifest: Manifest | undefined): Promise<readonly Wanted[]> {
  const chunks: Wanted[] = [...(manifest?.chunks.values() ?? [])].map(wantedOf)
  for await (const { key, size } of store.list('')) {
    if (!key.includes('/') && key !== manifestName && key !== md5Name && !manifest?.chunks.has(key))
      chunks.push({ name: key, bytes: size, sha256: undefined })
  }
  if (chunks.length === 0) throw new Failure('unavailable', `${store.urlOf('')}: there are no chunks`)
  chunks.sort((a, b) => compareChunkNames(a.name, b.name))
  checkGaps(chunks.map(({ name }) => name))
  return chunks
}

/** Names that show an order must show no gap in it. */
function checkGaps(names: readonly string[]): void {
  for (const [index, name] of names.slice(1).entries()) {
    const before = names[index] ?? ''
    const next = successorsOf(before)
    if (next.length > 0 && !next.includes(name)) {
      throw new Failure('data', `a chunk is missing: ${next[0]} should follow ${before}, and ${name} does`)
    }
  }
}

function startingFrom(chunks: readonly Wanted[], from: string | undefined): readonly Wanted[] {
  if (from === undefined) return chunks
  const index = chunks.findIndex(({ name }) => name === from)
  if (index < 0) throw new Failure('unavailable', `${from}: there is no such chunk`)
  return chunks.slice(index)
}

type Pieces = () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Resolves when the whole chunk has equalled its checksum. */
async function fetchProven(store: Store, chunk: Wanted, { memoryBytes, checks }: JoinOptions): Promise<Pieces> {
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

function noEnd(store: Store, reason = 'its manifest has no END'): Failure {
  return new Failure('data', `${store.urlOf('')}: the stream is not known to be whole: ${reason}`, {
    hint: 'run chunkwatch again with --until-end, or with --count',
  })
}
