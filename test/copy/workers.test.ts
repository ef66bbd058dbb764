import { describe, expect, it } from 'vitest'
import { Bandwidth } from '../../src/copy/bandwidth.ts'
import type { Attempt } from '../../src/copy/copier.ts'
import { type Host, spreadWorkers } from '../../src/copy/host.ts'
import { PartQueue } from '../../src/copy/part-queue.ts'
import { type Task, Workers } from '../../src/copy/workers.ts'

const done: Attempt = { end: 'done', copied: 1, copiedBytes: 1, present: 1, failed: 0, names: [], reason: '' }
const broken: Attempt = { ...done, end: 'broken', copied: 0, failed: 1, reason: 'it broke' }

/** Runs workers over so many parts of one name each. */
async function run(
  parts: number,
  hosts: readonly Host[],
  attempt: (task: Task, host: Host, bytesPerSecond?: number) => Promise<Attempt>,
  { retries = 1, allowed = () => hosts.length, bandwidth = new Bandwidth(undefined) } = {},
) {
  const queues = { files: new PartQueue('files', { least: 1 }), together: new PartQueue('together') }
  for (let index = 0; index < parts; index += 1) queues.files.add({ offset: index, length: 1, files: 1, bytes: 0 })
  queues.files.close()
  queues.together.close()
  const finished: string[] = []
  const said: string[] = []
  const left = await new Workers({
    queues,
    hosts,
    allowed,
    bandwidth,
    retries,
    signal: new AbortController().signal,
    attempt,
    onFinished: ({ part, attempts }, { end }) => finished.push(`${part.firstCrumb} ${end} ${attempts}`),
    say: (message) => said.push(message),
  }).run()
  return { finished: finished.sort(), said, left }
}

describe('Workers', () => {
  it('do every part once, so many at the same time as there are', async () => {
    let [underWay, most] = [0, 0]
    const { finished, said } = await run(5, spreadWorkers(3, [], []), async () => {
      underWay += 1
      most = Math.max(most, underWay)
      await new Promise((resolve) => setTimeout(resolve, 5))
      underWay -= 1
      return done
    })
    expect(finished).toEqual(['0 done 1', '1 done 1', '2 done 1', '3 done 1', '4 done 1'])
    expect({ most, said }).toEqual({ most: 3, said: [] })
  })

  it('try again what broke, and give up in the end', async () => {
    const { finished, said } = await run(2, spreadWorkers(1, [], []), async ({ part }) =>
      part.firstCrumb === 1 ? broken : done,
    )
    expect(finished).toEqual(['0 done 1', '1 broken 2'])
    expect(said).toEqual(['part 2 is tried again (1 of 1): it broke'])
  })

  it('give the work of a lost host to others, and say so once', async () => {
    const hosts = spreadWorkers(4, ['good', 'bad'], [])
    const { finished, said, left } = await run(6, hosts, async (_, host) =>
      host.name === 'bad' ? { ...broken, end: 'host lost' } : done,
    )
    expect(finished.map((line) => line.slice(0, 6))).toEqual([
      '0 done',
      '1 done',
      '2 done',
      '3 done',
      '4 done',
      '5 done',
    ])
    expect(said).toEqual(['bad is lost, others do its work: it broke'])
    expect(left).toEqual([])
    expect(hosts.map(({ isLost }) => isLost)).toEqual([false, true, false, true])
  })

  it('try the last host again, as often as any part', async () => {
    const { finished } = await run(1, spreadWorkers(2, ['only'], []), async () => ({ ...broken, end: 'host lost' }))
    expect(finished).toEqual(['0 host lost 2'])
  })

  it('never have more than the rate, and one alone has all of it', async () => {
    let [now, most, allowed] = [0, 0, 1]
    const rates: number[] = []
    const attempt = async (_: Task, __: Host, rate = Number.NaN) => {
      rates.push(rate)
      now += rate
      most = Math.max(most, now)
      allowed = 4
      await new Promise((resolve) => setTimeout(resolve, 5))
      now -= rate
      return done
    }
    const bandwidth = new Bandwidth(800)
    await run(9, spreadWorkers(4, [], []), attempt, { allowed: () => allowed, bandwidth })
    expect(most).toBeLessThanOrEqual(800)
    // The first has it alone, then four share it.
    expect(rates.slice(0, 5)).toEqual([800, 200, 200, 200, 200])
    expect(bandwidth.take(1)).toBeCloseTo(800)
  })

  it('end when a part throws', async () => {
    const failing = run(3, spreadWorkers(1, [], []), async () => {
      throw new Error('hopeless')
    })
    await expect(failing).rejects.toThrow('hopeless')
  })
})

it('spreadWorkers deals hosts in turn', () => {
  const names = spreadWorkers(5, ['a', 'b'], ['x', 'y', 'z']).map((host) => `${host.name} ${host.destinationHost}`)
  expect(names).toEqual(['a x', 'b y', 'a z', 'b x', 'a y'])
})
