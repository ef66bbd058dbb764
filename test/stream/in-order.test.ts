import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inOrder } from '../../src/stream/in-order.ts'

interface Job {
  readonly bytes: number
  readonly turns: number
  readonly number: number
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}

describe('inOrder', () => {
  test('yields in order under the budget and the concurrency, whatever order the jobs end in', async () => {
    const jobs = fc.array(
      fc.record({ bytes: fc.integer({ min: 1, max: 50 }), turns: fc.integer({ min: 0, max: 9 }) }),
      {
        maxLength: 30,
      },
    )
    await fc.assert(
      fc.asyncProperty(
        jobs,
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 6 }),
        async (list, budgetBytes, concurrency) => {
          let [running, held, most, mostHeld] = [0, 0, 0, 0]
          async function start(job: Job): Promise<Job> {
            running++
            held += job.bytes
            most = Math.max(most, running)
            if (running > 1) mostHeld = Math.max(mostHeld, held)
            await turns(job.turns)
            running--
            return job
          }
          const numbered: Job[] = list.map((job, number) => ({ ...job, number }))
          const seen: number[] = []
          for await (const job of inOrder(numbered, start, { budgetBytes, concurrency })) {
            seen.push(job.number)
            await turns(1)
            held -= job.bytes
          }
          expect(seen).toEqual(numbered.map(({ number }) => number))
          expect(most).toBeLessThanOrEqual(concurrency)
          expect(mostHeld).toBeLessThanOrEqual(budgetBytes)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('runs jobs at once', async () => {
    let running = 0
    let most = 0
    const jobs = [1, 2, 3, 4].map((number) => ({ bytes: 1, number }))
    const results = inOrder(
      jobs,
      async () => {
        most = Math.max(most, ++running)
        await turns(5)
        running--
      },
      { budgetBytes: 100, concurrency: 3 },
    )
    for await (const _ of results);
    expect(most).toBe(3)
  })

  test('throws a failure in its turn, after what came before it', async () => {
    const seen: number[] = []
    const jobs = [0, 1, 2].map((number) => ({ bytes: 1, number }))
    async function run(): Promise<void> {
      const start = async ({ number }: { number: number }) => {
        if (number === 1) throw new Error('second')
        await turns(3)
        return number
      }
      for await (const number of inOrder(jobs, start, { budgetBytes: 10, concurrency: 3 })) seen.push(number)
    }
    await expect(run()).rejects.toThrow('second')
    expect(seen).toEqual([0])
  })
})
