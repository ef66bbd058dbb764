import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Fault, FaultName } from '../fakes/fault-proxy/plan.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { start } from '../fakes/programs.ts'
import { type DialectName, dialects } from '../fakes/s3-server/dialect.ts'
import type { Operation } from '../fakes/s3-server/operation.ts'
import { type StandIn, startStandIn } from '../fakes/s3-server/server.ts'
import { createBucket } from '../s3-hosts/buckets.ts'
import { fewAtOnce, type Run, runWithFault, type Work } from './s3-runs.ts'

const mib = 1024 * 1024
// A program takes a while to start on a busy machine.
const atLeisure = { timeout: 20_000 }
const small = Buffer.from(randomBytes(200_000))
const large = Buffer.from(randomBytes(10 * mib + 300_000))
const words = ['--format', 'bytes', '--part-size', '5M', '--retry-for', '60s']

const stores: Work = { program: 'pput', words, bytes: large }
const puts: Work = { ...stores, bytes: small }
const gets: Work = { program: 'pget', words: ['--format', 'bytes', '--retry-for', '60s'], bytes: small }

const faults: readonly FaultName[] = ['500', 'reset-mid-body', 'lost-answer', 'flipped-bit-up']
const met: readonly (readonly [on: Operation, work: Work])[] = [
  ['UploadPart', stores],
  ['CompleteMultipartUpload', stores],
  ['PutObject', puts],
  ['GetObject', gets],
]

const table: string[] = []
afterAll(() => console.log(table.join('\n')))

/** Nothing of what such a server tells of an object proves it: it is not handed out as proven. */
function statusOfReading(name: DialectName): number {
  return name === 'opaque ETags, no checksums' ? 65 : 0
}

describe.each(Object.keys(dialects) as DialectName[])('a server that speaks as: %s', (name) => {
  test('stores and returns every object, whatever happens once', { timeout: 120_000 }, async () => {
    const standIn = await serverOf(name)
    const jobs: readonly (readonly [Work, ...Fault[]])[] = [
      [stores],
      [puts],
      [gets],
      ...met.flatMap(([on, work]) =>
        faults
          .filter((fault) => on !== 'GetObject' || fault !== 'flipped-bit-up')
          .map((fault) => [work, { on, do: fault }] as const),
      ),
    ]
    const runs = await fewAtOnce(jobs, ([work, ...faults]) => runWithFault(standIn, work, ...faults))
    const wrong = runs.flatMap((run, index) =>
      complaintOf(run, jobs[index]![0], name, jobs[index]!.slice(1) as Fault[]),
    )
    const good = runs.filter(({ status }) => status === 0).length
    table.push(
      `${name.padEnd(28)} ${runs.length} runs: ${good} × 0, ${runs.length - good} × other, ${wrong.length} wrong`,
    )
    expect(wrong).toEqual([])
  })

  test('a key that is taken is not replaced', async () => {
    const bucket = await createBucket(await serverOf(name))
    await bucket.put('key', small)
    for (const bytes of [small, large]) {
      const { child, ended } = start('pput', [...words, bucket.url('key')], bucket.environment)
      child.stdin.end(bytes)
      expect(await ended).toMatchObject({ status: 73, stderr: expect.stringContaining('exists already') })
    }
  })
})

function complaintOf(run: Run, { program, bytes }: Work, name: DialectName, [fault]: Fault[]): string[] {
  const about = `${program}, ${fault === undefined ? 'no fault' : `${fault.do} at ${fault.on}`}`
  const wanted = statusesFor(program, name, fault)
  // What nothing proves is refused before it is asked for: the fault has no place to happen.
  const isRefused = program === 'pget' && run.status === 65 && wanted.includes(65)
  if (fault !== undefined && !run.happened && !isRefused) return [`${about}: it did not happen`]
  if (!wanted.includes(run.status)) return [`${about}: status ${run.status}: ${run.stderr}`]
  if (run.left > 0) return [`${about}: ${run.left} uploads left`]
  if (program === 'pput') {
    const isRight = run.status === 0 ? run.stored?.equals(bytes) : run.stored === undefined
    return isRight ? [] : [`${about}: status ${run.status}, and what is stored is not what was sent`]
  }
  const isRight = run.status === 0 ? run.stdout.equals(bytes) : run.stdout.length < bytes.length
  return isRight ? [] : [`${about}: status ${run.status}, and what was given is not what is stored`]
}

function statusesFor(program: Work['program'], name: DialectName, fault: Fault | undefined): readonly number[] {
  if (program === 'pget') return [statusOfReading(name)]
  // The list of parts, with one bit wrong, is not understood; or it names other parts.
  const isGarbled = fault?.on === 'CompleteMultipartUpload' && fault.do === 'flipped-bit-up'
  return isGarbled ? [0, 75, 76] : [0]
}

test('a server that wants equal parts and gets growing ones: 78, and what to do', async () => {
  const standIn = await serverOf('equal parts (R2)')
  const growing = ['--format', 'bytes', '--max-parts', '10']
  const run = await runWithFault(standIn, { ...stores, words: growing, bytes: Buffer.alloc(25 * mib, 'x') })
  expect(run).toMatchObject({ status: 78, left: 0, stored: undefined })
  expect(run.stderr).toContain('--part-size')
})

test('a server that lets nobody list parts: --resume ends with 77 and names them, and no object comes of it', async () => {
  const standIn = await serverOf('no ListParts')
  const { environment, url, name } = await createBucket(standIn)
  const { child } = start('pput', [...words, '--resume', url('key')], environment)
  child.stdin.write(large)
  await expect
    .poll(() => standIn.handled.filter(({ operation }) => operation === 'UploadPart').length, atLeisure)
    .toBe(2)
  child.kill('SIGKILL')
  const again = start('pput', [...words, '--resume', url('key')], environment)
  again.child.stdin.end(large)
  expect(await again.ended).toMatchObject({
    status: 77,
    stderr: expect.stringMatching(/the parts of s3:.*AccessDenied/),
  })
  expect(standIn.bucket(name).objects.size).toBe(0)
})

async function serverOf(name: DialectName): Promise<StandIn> {
  const standIn = await startStandIn({ dialect: dialects[name] })
  onTestFinished(() => standIn.stop())
  return standIn
}
