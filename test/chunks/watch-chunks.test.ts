import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { watchFolder } from '../../src/chunks/folder-source.ts'
import { ManifestFile } from '../../src/chunks/manifest-file.ts'
import { StreamCheck } from '../../src/chunks/stream-check.ts'
import { ChunkWatch } from '../../src/chunks/watch-chunks.ts'
import { DirectoryStore } from '../../src/store/directory/directory-store.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { fakeOwner } from '../fakes/owner.ts'

/** Of the letters a to z, in their order. */
function alphabet() {
  let text = ''
  return {
    push(bytes: Uint8Array) {
      text += Buffer.from(bytes).toString()
    },
    get state() {
      return text === 'abcd' ? 'whole' : 'open'
    },
    get reason() {
      return `it ends with ${text}`
    },
    stream: undefined,
  } as const
}

test('a chunk that is proven and removed while others are looked through is looked through too', async () => {
  const folder = temporaryFolder()
  const [chunks, there] = [join(folder, 'chunks'), join(folder, 'there')]
  for (const each of [chunks, there]) mkdirSync(each)
  for (const letter of 'abcd') writeFileSync(join(chunks, `x${letter}`), letter)
  const store = new DirectoryStore(there, { owner: fakeOwner(), readBack: false })
  const create = store.create.bind(store)
  store.create = async (key, options) => {
    if (key === 'xd') await sleep(1500)
    return await create(key, options)
  }
  const manifest = await ManifestFile.open(chunks)
  const streamCheck = new StreamCheck(store, { begin: alphabet, mayFetch: true, keyOf: (name) => name })
  const advance = streamCheck.advance.bind(streamCheck)
  streamCheck.advance = async (names, recorded, stored) => {
    const hasEnded = await advance(names, recorded, stored)
    // What is being shipped is proven before the look goes on.
    while (manifest.chunks.size > 0 && manifest.chunks.size < 4) await sleep(20)
    return hasEnded
  }
  const source = watchFolder(chunks)
  source.end()
  const watch = new ChunkWatch(source, store, manifest, {
    jobs: 4,
    settleMs: 0,
    retries: 0,
    memoryBytes: 2 ** 20,
    until: 'end',
    cut: { names: new Set(['xa', 'xb', 'xc', 'xd']), isWhole: true },
    streamCheck,
    checks: () => [],
    keyOf: (name) => name,
    admit: async () => {},
    viewer: { userId: 0, groupId: 0 },
    lookAtDisk: async () => ({ usedBytes: 0, freeBytes: 1 }),
    signal: new AbortController().signal,
    onProven: () => {},
    onTrouble: () => {},
  })
  await watch.run()
  expect(manifest.end).toMatchObject({ end: 'zfs', chunks: 4 })
  expect(existsSync(join(chunks, 'xd'))).toBe(false)
  await manifest.close()
})
