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
  const pool = new BufferPool(10, 4, 50)
  const small = [await pool.take(), await pool.take(), await pool.take(), await pool.take()]
  const large = pool.take(20)
  expect(await isPending(large)).toBe(true)
  pool.give(small[0] as Uint8Array)
  expect((await large).length).toBe(20)
  const second = pool.take(20)
  pool.give(small[1] as Uint8Array)
  expect(await isPending(second)).toBe(true)
  pool.give(small[2] as Uint8Array)
  expect((await second).length).toBe(20)
})

test('two are given whatever the budget is', async () => {
  const pool = new BufferPool(10, 4, 15)
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
