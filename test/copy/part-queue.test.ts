import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Part, PartQueue } from '../../src/copy/part-queue.ts'
import type { Crumb } from '../../src/copy/spool.ts'

const MiB = 1024 * 1024

/** Crumbs one behind the other, of so many bytes each, with one file. */
function crumbsOf(sizes: readonly number[]): Crumb[] {
  return sizes.map((bytes, index) => ({ offset: index * 10, length: 10, files: 1, bytes }))
}

function takeAll(queue: PartQueue, workers: number): Part[] {
  const parts: Part[] = []
  for (let part = queue.take(workers); part !== undefined; part = queue.take(workers)) parts.push(part)
  return parts
}

describe('PartQueue', () => {
  it('hands out every crumb just once, in parts that are pieces of the spool', () => {
    const sizes = fc.array(fc.nat(512 * MiB), { maxLength: 300 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 16 }), fc.nat(300), (all, workers, closedAfter) => {
        const queue = new PartQueue('files')
        const parts: Part[] = []
        for (const [index, crumb] of crumbsOf(all).entries()) {
          queue.add(crumb)
          if (index < closedAfter) parts.push(...takeAll(queue, workers))
        }
        queue.close()
        parts.push(...takeAll(queue, workers))
        expect(queue.isExhausted).toBe(true)
        const numbers = parts.flatMap(({ firstCrumb, crumbCount }) =>
          Array.from({ length: crumbCount }, (_, index) => firstCrumb + index),
        )
        expect(numbers).toEqual(all.map((_, index) => index))
        for (const part of parts) {
          expect(part).toMatchObject({ offset: part.firstCrumb * 10, length: part.crumbCount * 10 })
        }
        expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(all.reduce((sum, bytes) => sum + bytes, 0))
      }),
    )
  })

  it('waits for enough to be worth a program, unless there is no more', () => {
    const queue = new PartQueue('files', { now: () => 0 })
    queue.add({ offset: 0, length: 10, files: 1, bytes: MiB })
    expect(queue.take(1)).toBeUndefined()
    expect(queue.isExhausted).toBe(false)
    queue.close()
    expect(queue.take(1)).toMatchObject({ number: 1, files: 1, bytes: MiB })
    expect(queue.isExhausted).toBe(true)
  })

  it('leaves enough for workers that may come, as long as it is not known how many', () => {
    const firstOf = (mayBeMore: boolean, measured?: number) => {
      const queue = new PartQueue('files')
      for (const crumb of crumbsOf(Array(1000).fill(MiB))) queue.add(crumb)
      queue.close()
      return queue.take(1, measured, mayBeMore)?.crumbCount
    }
    expect(firstOf(false)).toBeGreaterThanOrEqual(500)
    expect(firstOf(true)).toBeLessThanOrEqual(32)
    expect(firstOf(true, 100 * MiB)).toBeLessThanOrEqual(200)
    expect(firstOf(true, 100 * MiB)).toBeGreaterThan(150)
  })

  it('spreads a small tree where a program is soon worth its start, as over a network', () => {
    const partsOf = (leastAtFirst?: number) => {
      const queue = new PartQueue('files', { leastAtFirst })
      for (const crumb of crumbsOf(Array(12).fill(MiB))) queue.add(crumb)
      queue.close()
      return takeAll(queue, 4).length
    }
    expect(partsOf()).toBe(1)
    expect(partsOf(2 * MiB)).toBeGreaterThanOrEqual(4)
  })

  it('begins with a part at once, though the walk has far to go', () => {
    const queue = new PartQueue('files')
    for (const crumb of crumbsOf(Array(10).fill(16 * MiB))) queue.add(crumb)
    expect(queue.take(8)).toMatchObject({ firstCrumb: 0, crumbCount: 1 })
  })

  it('waits no longer for a walk that is slow', () => {
    let nowMs = 0
    const queue = new PartQueue('files', { now: () => nowMs })
    queue.add({ offset: 0, length: 10, files: 1, bytes: 0 })
    nowMs = 249
    expect(queue.take(1)).toBeUndefined()
    nowMs = 250
    expect(queue.take(1)).toMatchObject({ files: 1 })
    expect(queue.isHungry).toBe(false)
    nowMs = 500
    expect(queue.isHungry).toBe(true)
  })

  it('makes parts as large as copies are fast, but leaves something for each worker', () => {
    const queue = new PartQueue('files')
    for (const crumb of crumbsOf(Array(100).fill(16 * MiB))) queue.add(crumb)
    queue.close()
    expect(queue.take(20, 64 * MiB)).toMatchObject({ crumbCount: 4 })
    expect(queue.take(4, 1024 * MiB)).toMatchObject({ crumbCount: 24 })
  })

  it('counts a million empty files as work', () => {
    const queue = new PartQueue('files')
    for (let at = 0; at < 1_000_000; at += 64) queue.add({ offset: at, length: 64, files: 64, bytes: 0 })
    queue.close()
    const parts = takeAll(queue, 8)
    expect(parts[0]?.files).toBeGreaterThan(60_000)
    expect(parts[0]?.files).toBeLessThan(65_000)
    expect(parts.at(-1)?.files).toBeLessThan(2_200)
  })

  it('makes parts smaller towards the end, so that all workers end together', () => {
    const queue = new PartQueue('files')
    for (const crumb of crumbsOf(Array(2000).fill(16 * MiB))) queue.add(crumb)
    queue.close()
    const workers = 8
    const ends: number[] = Array(workers).fill(0)
    for (let part = queue.take(workers); part !== undefined; part = queue.take(workers)) {
      const idle = ends.indexOf(Math.min(...ends))
      ends[idle] = (ends[idle] ?? 0) + part.bytes
    }
    expect(Math.max(...ends) / Math.min(...ends)).toBeLessThan(1.05)
  })

  it('leaves out what an earlier run has finished, and makes no part across the gap', () => {
    const queue = new PartQueue('files', { least: 1 })
    for (const index of [0, 1, 4]) queue.addAt(index, { offset: index, length: 1, files: 1, bytes: 0 })
    queue.close()
    const parts = takeAll(queue, 1)
    expect(parts.map(({ firstCrumb, crumbCount }) => [firstCrumb, crumbCount])).toEqual([
      [0, 2],
      [4, 1],
    ])
  })
})
