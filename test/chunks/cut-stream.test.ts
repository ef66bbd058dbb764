import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cutStream } from '../../src/chunks/cut-stream.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { inputOf } from '../fakes/inputs.ts'

function cut(folder: string, text: string): Promise<void> {
  return cutStream(inputOf(Buffer.from(text)), {
    folder,
    prefix: 'x',
    chunkBytes: 4,
    signal: new AbortController().signal,
    gate: async () => {},
    onChunk: () => {},
    onFullDisk: () => {},
  })
}

it.each([
  ['', []],
  ['abc', ['abc']],
  ['abcd', ['abcd']],
  ['abcdefghi', ['abcd', 'efgh', 'i']],
])('cuts %j into chunks', async (text, chunks) => {
  const folder = temporaryFolder()
  await cut(folder, text)
  const names = readdirSync(folder).sort()
  expect(names).toEqual(['xaa', 'xab', 'xac'].slice(0, chunks.length))
  expect(names.map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual(chunks)
})

it('replaces no chunk that is there: those before it are whole, and nothing is left of it', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'xab'), 'of another stream')
  await expect(cut(folder, 'abcdefghi')).rejects.toMatchObject({
    kind: 'exists',
    message: `${folder}/xab: exists already`,
  })
  expect(readdirSync(folder).sort()).toEqual(['xaa', 'xab'])
  expect(readFileSync(join(folder, 'xab'), 'utf8')).toBe('of another stream')
})
