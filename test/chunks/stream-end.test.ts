import { expect, it } from 'vitest'
import type { FoundFile } from '../../src/chunks/chunk-source.ts'
import type { ChunkTable } from '../../src/chunks/chunk-table.ts'
import type { ManifestFile } from '../../src/chunks/manifest-file.ts'
import { StreamEnd } from '../../src/chunks/stream-end.ts'
import type { WatchOptions } from '../../src/chunks/watch-options.ts'

const named = (name: string) => ({ name }) as FoundFile

/** Which of these stored chunks are wanted, while others are on their way; in the order of a directory. */
function wanted(stored: readonly string[], onTheirWay: readonly string[], seen: readonly string[] = [], jobs = 4) {
  const isStored = new Set(stored)
  const table = {
    files: [...onTheirWay, ...stored].map(named),
    stageOf: ({ name }: FoundFile) => (isStored.has(name) ? 'recorded' : 'shipping'),
  } as unknown as ChunkTable
  const manifest = { end: undefined } as unknown as ManifestFile
  const streamCheck = { isDone: false, hasSeen: (name: string) => seen.includes(name) }
  const isWanted = new StreamEnd(table, manifest, { streamCheck, jobs } as unknown as WatchOptions).wanted()
  return stored.filter((name) => isWanted(named(name)))
}

it('a stored chunk is wanted while one before it is on its way, whichever was listed first', () => {
  expect(wanted(['xaa', 'xac', 'xaf'], ['xad', 'xab', 'xae'])).toEqual(['xac', 'xaf'])
  expect(wanted(['xaa'], ['xab'])).toEqual([])
  expect(wanted(['xaa', 'xab'], [])).toEqual([])
})

it('one that was looked through is wanted no more, nor are any where they would fill the disk', () => {
  expect(wanted(['xac', 'xad'], ['xab'], ['xac'])).toEqual(['xad'])
  expect(wanted(['xac', 'xad'], ['xab'], [], 1)).toEqual(['xac', 'xad'])
  expect(wanted(['xac', 'xad', 'xae'], ['xab'], [], 1)).toEqual([])
})

it('says once, after a minute, that no chunk has come; not of what it cuts itself, nor where there were some', () => {
  const told = (quietMs: number, names: readonly string[] = [], cut?: object) => {
    const messages: string[] = []
    const table = { lastMoveMs: performance.now() - quietMs } as ChunkTable
    const manifest = { chunks: new Map(names.map((name) => [name, {}])) } as unknown as ManifestFile
    const options = { cut, onTrouble: (message: string) => messages.push(message) }
    const end = new StreamEnd(table, manifest, options as unknown as WatchOptions)
    for (let looks = 0; looks < 3; looks++) end.tellOfNothing()
    return messages
  }
  expect(told(61_000)).toEqual(['no chunk has come for 60 s, and the first is waited for'])
  for (const silent of [told(59_000), told(61_000, ['xaa']), told(61_000, [], {})]) expect(silent).toEqual([])
})
