import { getStream } from '../store/get-stream.ts'
import type { Store } from '../store/store.ts'

/** The text of a manifest in a store, proven; undefined if there is none. */
export async function storedManifest(store: Store, key: string): Promise<string | undefined> {
  if ((await store.describe(key)) === undefined) return undefined
  const pieces: Buffer[] = []
  for await (const piece of readManifest(store, key)) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString('utf8')
}

/** The bytes of a manifest in a store; the last of them are given when all are proven. */
export async function* readManifest(store: Store, key: string): AsyncGenerator<Uint8Array> {
  const object = await store.open(key)
  try {
    yield* getStream(store, object, { verify: true, checks: [] })
  } finally {
    await object.close()
  }
}
