import { expect, test } from 'vitest'
import { BufferPool } from '../../src/stream/buffer-pool.ts'
import { cutParts, type Part } from '../../src/stream/parts.ts'
import { inputOf, randomBytes } from '../fakes/inputs.ts'

const mib = 1024 * 1024

async function cut(bytes: Uint8Array, partBytes: (number: number) => number) {
  const pool = new BufferPool(3 * mib, 1)
  const parts: (Omit<Part, 'release' | 'bytes'> & { copy: Buffer })[] = []
  for await (const { number, offset, bytes: part, release } of cutParts(inputOf(bytes, 70_000), pool, partBytes)) {
    parts.push({ number, offset, copy: Buffer.from(part) })
    release()
  }
  return parts
}

test('parts are numbered from 1, as large as asked, and hold the whole stream', async () => {
  const bytes = randomBytes(5 * mib + 7)
  const parts = await cut(bytes, (number) => number * mib)
  expect(parts.map(({ number, offset, copy }) => [number, offset, copy.length])).toEqual([
    [1, 0, mib],
    [2, mib, 2 * mib],
    [3, 3 * mib, 2 * mib + 7],
  ])
  expect(Buffer.compare(Buffer.concat(parts.map(({ copy }) => copy)), bytes)).toBe(0)
})

test('an input that ends with a part has no empty part after it; an empty one has none', async () => {
  expect((await cut(randomBytes(2 * mib), () => mib)).map(({ copy }) => copy.length)).toEqual([mib, mib])
  expect(await cut(new Uint8Array(0), () => mib)).toEqual([])
})

test('waits for a buffer to be released', async () => {
  const pool = new BufferPool(10, 2)
  const parts = cutParts(inputOf(randomBytes(30)), pool, () => 10)
  const [first] = [(await parts.next()).value as Part, await parts.next()]
  let isThere = false
  const third = parts.next().then(() => {
    isThere = true
  })
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(isThere).toBe(false)
  first.release()
  await third
})
