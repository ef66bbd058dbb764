import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '../fakes/fault-proxy/fault-proxy.ts'
import type { Fault } from '../fakes/fault-proxy/plan.ts'
import { start } from '../fakes/programs.ts'
import type { Operation } from '../fakes/s3-server/operation.ts'
import type { Handled, StandIn } from '../fakes/s3-server/server.ts'
import { createBucket, environmentOf } from '../s3-hosts/buckets.ts'

/** What a program did on its way through a fault. */
export interface Run {
  readonly status: number
  readonly stderr: string
  readonly stdout: Buffer
  /** False: no fault happened, and the run shows nothing. */
  readonly happened: boolean
  /** Under the key, when the program had ended. */
  readonly stored: Buffer | undefined
  /** Multipart uploads that were left. */
  readonly left: number
  readonly seconds: number
}

export interface Work {
  readonly program: 'pput' | 'pget'
  readonly words: readonly string[]
  /** What is put, or lies there to be got. */
  readonly bytes: Buffer
  /** The last byte is put only when the server has seen this. */
  readonly lastAfter?: Operation
}

/** Runs a program on a new bucket behind a proxy with faults. */
export async function runWithFault(standIn: StandIn, work: Work, ...faults: Fault[]): Promise<Run> {
  const bucket = await createBucket(standIn)
  const proxy = await startFaultProxy(standIn, faults)
  const { objects, uploads } = standIn.bucket(bucket.name)
  if (work.program === 'pget') await bucket.put('key', work.bytes)
  const began = performance.now()
  try {
    const words = [...work.words, bucket.url('key')]
    const { child, ended } = start(work.program, words, environmentOf(proxy))
    const stdout: Buffer[] = []
    child.stdout.on('data', (piece) => stdout.push(piece))
    if (work.program === 'pget') child.stdin.end()
    else await feed(child.stdin, work, () => standIn.handled.filter((request) => request.bucket === bucket.name))
    const { status, stderr } = await ended
    return {
      ...{ status, stderr, stdout: Buffer.concat(stdout), happened: proxy.plan.missed.length < faults.length },
      ...{ stored: objects.get('key')?.bytes, left: uploads.size, seconds: (performance.now() - began) / 1000 },
    }
  } finally {
    await proxy.stop()
    bucket.client.destroy()
  }
}

async function feed(stdin: Writable, { bytes, lastAfter }: Work, handled: () => readonly Handled[]): Promise<void> {
  stdin.write(bytes.subarray(0, -1))
  const isSeen = () => lastAfter === undefined || handled().some(({ operation }) => operation === lastAfter)
  for (let tries = 0; !isSeen() && tries < 500; tries++) await sleep(20)
  stdin.end(bytes.subarray(-1))
}

/** Runs jobs a few at a time: most of them wait. */
export async function fewAtOnce<T, R>(jobs: readonly T[], run: (job: T) => Promise<R>, count = 4): Promise<R[]> {
  const results: R[] = []
  const entries = jobs.entries()
  const worker = async () => {
    for (const [index, job] of entries) results[index] = await run(job)
  }
  await Promise.all(Array.from({ length: count }, worker))
  return results
}
