import { expect, test } from 'vitest'
import { BufferPool } from '../../src/stream/buffer-pool.ts'

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol()
  return (await Promise.race([promise, new Promise((resolve) => setImmediate(resolve, pending))])) === pending
}

test('gives so many buffers and the same again', async () => {
  const pool = new BufferPool(10, 2)
  const [a] = [await pool.take(), await pool.take()]
  const third = pool.take()
  expect(await isPending(third)).toBe(true)
  pool.give(a)
  expect(await third).toBe(a)
})

test('gives larger ones in the place of smaller ones, within the budget', async () => {
  const pool = new BufferPool(10, 4, { budgetBytes: 50, largestBytes: 20 })
  const small = [await pool.take(), await pool.take(), await pool.take(), await pool.take()]
  const large = pool.take(20)
  expect(await isPending(large)).toBe(true)
  // Beside what is free.
  pool.give(small[3] as Uint8Array)
  expect((await large).length).toBe(20)
  const second = pool.take(20)
  pool.give(small[1] as Uint8Array)
  expect(await isPending(second)).toBe(true)
  pool.give(small[2] as Uint8Array)
  expect((await second).length).toBe(20)
})

test('two are given whatever the budget is', async () => {
  const pool = new BufferPool(10, 4, { budgetBytes: 15, largestBytes: 100 })
  const two = [await pool.take(100), await pool.take(100)]
  expect(two.map(({ length }) => length)).toEqual([100, 100])
  expect(await isPending(pool.take(100))).toBe(true)
})

test('a smaller size is served by what is there', async () => {
  const pool = new BufferPool(10, 2)
  const buffer = await pool.take()
  pool.give(buffer)
  expect(await pool.take(3)).toBe(buffer)
})

test('larger ones lie where smaller ones lay, in one memory of the budget, and none over another', async () => {
  const pool = new BufferPool(10, 5, { budgetBytes: 100, largestBytes: 50 })
  const memories = new Set<ArrayBufferLike>()
  const inUse: Uint8Array[] = []
  let mostBytes = 0
  for (const [index, bytes] of [10, 10, 10, 10, 10, 20, 20, 20, 20, 20, 30, 30, 30, 30, 40, 40, 50, 50, 50].entries()) {
    const asked = pool.take(bytes)
    while (await isPending(asked)) {
      const oldest = inUse.shift() as Uint8Array
      expect(new Set(oldest).size).toBe(1)
      pool.give(oldest)
    }
    const taken = await asked
    expect(taken.length).toBe(bytes)
    memories.add(taken.buffer)
    inUse.push(taken.fill(index))
    mostBytes = Math.max(
      mostBytes,
      inUse.reduce((sum, { length }) => sum + length, 0),
    )
  }
  expect([...memories].map(({ byteLength }) => byteLength)).toEqual([100])
  // All of it is of use, also when sizes change.
  expect(mostBytes).toBe(100)
})

test('does not grow unless that was said, and stays within its budget', async () => {
  const pool = new BufferPool(10, 4, { budgetBytes: 30 })
  const three = [await pool.take(), await pool.take(), await pool.take()]
  expect(new Set(three).size).toBe(3)
  expect(await isPending(pool.take())).toBe(true)
})

test('memory that the system does not give is said, and what asks for less', () => {
  const pool = () => new BufferPool(10, 4, { budgetBytes: 2 ** 50, largestBytes: 2 ** 49 })
  expect(pool).toThrow(expect.objectContaining({ kind: 'unavailable', hint: '--memory asks for less' }))
  // What is never asked for is not taken.
  expect(() => new BufferPool(10, 4, { budgetBytes: 2 ** 50, largestBytes: 20 })).not.toThrow()
})
