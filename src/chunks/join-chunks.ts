import { Failure } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { inOrder } from '../stream/in-order.ts'
import { compareChunkNames, gapIn } from './chunk-name.ts'
import { type FetchOptions, fetchProven, type Pieces, type Wanted } from './fetch-proven.ts'
import { type Manifest, type ManifestChunk, type ManifestEnd, orderedChunks, parseManifest } from './manifest.ts'
import { isListName, manifestName } from './manifest-file.ts'
import { storedManifest } from './stored-manifest.ts'
import type { StreamOpinion } from './stream-check.ts'

export interface JoinOptions extends FetchOptions {
  /** Begin with this chunk; those before it have been written. */
  readonly from?: string | undefined
  /** Chunks fetched ahead, within `memoryBytes` together. */
  readonly ahead: number
  /** Judges the stream where no manifest says that it is whole. */
  readonly begin: () => StreamOpinion
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
  const text = await storedManifest(store, manifestName)
  return text === undefined ? undefined : parseManifest(text, store.urlOf(manifestName))
}

function manifestChunks(manifest: Manifest, end: ManifestEnd): readonly Wanted[] {
  const chunks = orderedChunks(manifest)
  const size = chunks.reduce((sum, chunk) => sum + chunk.size, 0)
  if (end.chunks !== chunks.length || end.size !== size) {
    const [found, ended] = [`${chunks.length} chunks of ${size} bytes`, `${end.chunks} of ${end.size}`]
    throw new Failure('data', `${manifestName}: has ${found}, and an END for ${ended}`)
  }
  // The bytes of a ZFS stream have shown that it is whole, whatever its chunks are called.
  if (end.end !== 'zfs') refuseGap(chunks.map(({ chunk }) => chunk))
  return chunks.map(wantedOf)
}

function wantedOf({ chunk: name, size: bytes, sha256 }: ManifestChunk): Wanted {
  return { name, bytes, sha256 }
}

/** Those that are there, and those of a manifest that has no END: it may be older than they are. */
async function foundChunks(store: Store, manifest: Manifest | undefined): Promise<readonly Wanted[]> {
  const chunks: Wanted[] = [...(manifest?.chunks.values() ?? [])].map(wantedOf)
  for await (const { key, size } of store.list('')) {
    if (!key.includes('/') && !isListName(key) && !manifest?.chunks.has(key))
      chunks.push({ name: key, bytes: size, sha256: undefined })
  }
  if (chunks.length === 0) throw new Failure('unavailable', `${store.urlOf('')}: there are no chunks`)
  chunks.sort((a, b) => compareChunkNames(a.name, b.name))
  refuseGap(chunks.map(({ name }) => name))
  return chunks
}

function refuseGap(names: readonly string[]): void {
  const gap = gapIn(names)
  if (gap !== undefined) throw new Failure('data', gap)
}

function startingFrom(chunks: readonly Wanted[], from: string | undefined): readonly Wanted[] {
  if (from === undefined) return chunks
  const index = chunks.findIndex(({ name }) => name === from)
  if (index < 0) throw new Failure('unavailable', `${from}: there is no such chunk`)
  return chunks.slice(index)
}

function noEnd(store: Store, reason = 'its manifest has no END'): Failure {
  return new Failure('data', `${store.urlOf('')}: the stream is not known to be whole: ${reason}`, {
    hint: 'run chunkwatch again with --until-end, or with --count',
  })
}
