import { getStream } from '../store/get-stream.ts'
import type { Store } from '../store/store.ts'

/** The text of a manifest in a store, proven; undefined if there is none. */
export async function storedManifest(store: Store, key: string): Promise<string | undefined> {
  if ((await store.describe(key)) === undefined) return undefined
  const object = await store.open(key)
  try {
    const pieces: Buffer[] = []
    for await (const piece of getStream(store, object, { verify: true, checks: [] })) pieces.push(Buffer.from(piece))
    return Buffer.concat(pieces).toString('utf8')
  } finally {
    await object.close()
  }
}
