import { setImmediate as settled } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Turns } from '../../src/stream/turns.ts'

const never = new AbortController().signal

/** Work that begins when it is its turn and ends when it is told. */
function job(turns: Turns, signal = never) {
  let end = () => {}
  const job = { hasBegun: false, end: () => end(), done: Promise.resolve() }
  job.done = turns.take(async () => {
    job.hasBegun = true
    await new Promise<void>((resolve) => (end = resolve))
  }, signal)
  job.done.catch(() => {})
  return job
}

it('lets in as many as it says, and others in order', async () => {
  const turns = new Turns(2)
  const jobs = [1, 2, 3, 4].map(() => job(turns))
  await settled()
  expect(jobs.map(({ hasBegun }) => hasBegun)).toEqual([true, true, false, false])
  jobs[1]!.end()
  await settled()
  expect(jobs.map(({ hasBegun }) => hasBegun)).toEqual([true, true, true, false])
})

it('gives the turn of a failure, and of one that waits no more, to the next', async () => {
  const turns = new Turns(1)
  const failing = turns.take(() => Promise.reject(new Error('failed')), never)
  await expect(failing).rejects.toThrow('failed')
  const [first, controller] = [job(turns), new AbortController()]
  const [given, next] = [job(turns, controller.signal), job(turns)]
  controller.abort(new Error('no more'))
  await expect(given.done).rejects.toThrow('no more')
  first.end()
  await settled()
  expect([given.hasBegun, next.hasBegun]).toEqual([false, true])
})
