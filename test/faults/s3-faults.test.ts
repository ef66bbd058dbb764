import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FaultName, faultNames } from '../fakes/fault-proxy/plan.ts'
import { randomBytes } from '../fakes/inputs.ts'
import type { Operation } from '../fakes/s3-server/operation.ts'
import { type StandIn, startStandIn } from '../fakes/s3-server/server.ts'
import { fewAtOnce, type Run, runWithFault, type Work } from './s3-runs.ts'

const mib = 1024 * 1024
const small = Buffer.from(randomBytes(200_000))
const large = Buffer.from(randomBytes(5 * mib + 300_000))

const get = ['--format', 'bytes']
const put = ['--part-size', '5M', ...get]
const minute = ['--retry-for', '60s']

/** For each kind of request, work that makes it, and how that ends when all is well. */
interface Subject {
  readonly on: Operation
  readonly nth?: number
  readonly work: Work
  readonly status?: number
}

const stores: Work = { program: 'pput', words: put, bytes: large }
const gets: Work = { program: 'pget', words: get, bytes: large }
const subjects: Record<string, Subject> = {
  'pput CreateMultipartUpload': { on: 'CreateMultipartUpload', work: stores },
  'pput UploadPart, the first': { on: 'UploadPart', work: stores },
  'pput UploadPart, the last': { on: 'UploadPart', nth: 2, work: stores },
  'pput CompleteMultipartUpload': { on: 'CompleteMultipartUpload', work: stores },
  'pput HeadObject, before': { on: 'HeadObject', work: stores },
  'pput HeadObject, before Complete': { on: 'HeadObject', nth: 2, work: stores },
  'pput HeadObject, after': { on: 'HeadObject', nth: 3, work: stores },
  'pput PutObject': { on: 'PutObject', work: { ...stores, bytes: small } },
  // Its stream is not the one that was expected: nothing is to be published, nor to stay.
  'pput AbortMultipartUpload': {
    on: 'AbortMultipartUpload',
    work: { ...stores, words: [...put, '--expect-sha256', '0'.repeat(64)], lastAfter: 'UploadPart' },
    status: 65,
  },
  'pget HeadObject': { on: 'HeadObject', work: gets },
  'pget GetObject': { on: 'GetObject', work: gets },
}

/** Faults that all kinds of requests can meet, and get over. */
const healing: readonly FaultName[] = [
  '500',
  '503-slow-down',
  'clock-skew',
  'expired-token',
  'reset-before-body',
  'reset-mid-body',
  'reset-after-body',
  'lost-answer',
  'slow-link',
]

/** The others, by the kinds that can meet them, with the statuses that are right. */
const particular: Partial<Record<FaultName, Partial<Record<Operation, readonly number[]>>>> = {
  // A wrong endpoint, if it has carried out nothing; else it passes.
  'moved-302': {
    HeadObject: [0, 78],
    CreateMultipartUpload: [78],
    PutObject: [78],
    UploadPart: [0],
    CompleteMultipartUpload: [0],
    AbortMultipartUpload: [65],
    GetObject: [0],
  },
  '200-with-error': { CompleteMultipartUpload: [0] },
  'flipped-bit-up': { UploadPart: [0], PutObject: [0], CompleteMultipartUpload: [0, 65, 76] },
  'flipped-bit-down': { CreateMultipartUpload: [0, 76], CompleteMultipartUpload: [0, 76], GetObject: [0, 65] },
  // What is not what was sent is not trusted: found by comparison, or by the store at Complete.
  'wrong-etag': {
    UploadPart: [65, 75, 76],
    PutObject: [65],
    CompleteMultipartUpload: [65],
    GetObject: [65],
  },
}

let standIn: StandIn
beforeAll(async () => {
  standIn = await startStandIn()
})
afterAll(() => standIn.stop())

const table = new Map<string, Map<string, string>>()
afterAll(() => printTable())

describe('P1: one fault, once', () => {
  test.each(Object.entries(subjects))('at %s', { timeout: 300_000 }, async (name, subject) => {
    const faults = faultsFor(subject)
    const words = [...subject.work.words, ...minute]
    const work = { ...subject.work, words }
    const runs = await fewAtOnce(faults, ([fault]) => runWithFault(standIn, work, { ...at(subject), do: fault }))
    const wrong = runs.map((run, index) => complaintOf(run, subject, faults[index]![1]))
    tell(
      name,
      faults.map(([fault]) => fault),
      runs,
      wrong,
    )
    expect(faults.map(([fault], index) => [fault, wrong[index]]).filter(([, what]) => what !== undefined)).toEqual([])
  })
})

// At CompleteMultipartUpload a connection may be silent for 15 times as long.
test('a request that is not answered, once', { timeout: 180_000 }, async () => {
  const all = Object.entries(subjects)
  const runs = await fewAtOnce(
    all,
    ([, subject]) => {
      const silence = ['--retry-for', '3m', '--idle-timeout', '3s']
      const work = { ...subject.work, words: [...subject.work.words, ...silence] }
      return runWithFault(standIn, work, { ...at(subject), do: 'hang' })
    },
    all.length,
  )
  const wrong = runs.map((run, index) => complaintOf(run, all[index]![1], [all[index]![1].status ?? 0]))
  for (const [index, [name]] of all.entries()) tell(`${name}, once more`, ['hang'], [runs[index]!], [wrong[index]])
  expect(wrong.filter((what) => what !== undefined)).toEqual([])
})

describe('a server that knows no checksums but MD5', () => {
  const withChecksums: readonly Operation[] = [
    'CreateMultipartUpload',
    'UploadPart',
    'CompleteMultipartUpload',
    'PutObject',
  ]

  test.each(['no-checksums-400', 'no-checksums-501'] as const)('and answers as in %s', async (fault) => {
    const faults = withChecksums.map((on) => ({ on, times: Number.POSITIVE_INFINITY, do: fault }))
    const run = await runWithFault(standIn, { ...stores, words: [...put, ...minute] }, ...faults)
    expect(run).toMatchObject({ status: 0, stderr: '', left: 0, happened: true })
    expect(run.stored?.equals(large)).toBe(true)
    const parts = standIn.handled.filter(({ operation, status }) => operation === 'UploadPart' && status === 200)
    expect(parts.slice(-2).map(({ headers }) => headers['content-md5']?.length)).toEqual([24, 24])
  })
})

describe('P1: one fault, for good', () => {
  const lasting: readonly FaultName[] = ['500', '503-slow-down', 'reset-before-body', 'lost-answer']

  test.each(Object.entries(subjects))('at %s', { timeout: 300_000 }, async (name, subject) => {
    const work = { ...subject.work, words: [...subject.work.words, '--retry-for', '3s'] }
    const runs = await fewAtOnce(lasting, (fault) =>
      runWithFault(standIn, work, { ...at(subject), times: Number.POSITIVE_INFINITY, do: fault }),
    )
    const wrong = runs.map((run, index) => complaintOfLasting(run, subject, lasting[index]!))
    tell(`${name}, for good`, lasting, runs, wrong)
    expect(lasting.map((fault, index) => [fault, wrong[index]]).filter(([, what]) => what !== undefined)).toEqual([])
  })
})

function at({ on, nth = 1 }: Subject) {
  return { on, nth }
}

function faultsFor({ on, status = 0 }: Subject): [FaultName, readonly number[]][] {
  return faultNames.flatMap((fault): [FaultName, readonly number[]][] => {
    const statuses = particular[fault]?.[on] ?? (healing.includes(fault) ? [status] : undefined)
    return statuses === undefined ? [] : [[fault, statuses]]
  })
}

/** What is wrong with a run, or undefined. */
function complaintOf(run: Run, subject: Subject, statuses: readonly number[]): string | undefined {
  if (!run.happened) return `the fault did not happen, status ${run.status}: ${run.stderr}`
  if (!statuses.includes(run.status)) return `status ${run.status}: ${run.stderr}`
  const { work } = subject
  return work.program === 'pget' ? complaintOfGot(run, work.bytes) : complaintOfStored(run, subject)
}

function complaintOfStored({ status, stored, left, stderr }: Run, { on, work }: Subject): string | undefined {
  // Nobody heard the name of an upload whose creation was answered into a broken connection.
  const mayBeLeft = on === 'CreateMultipartUpload' ? 1 : 0
  if (left > mayBeLeft) return `${left} uploads left, status ${status}: ${stderr}`
  if (stored === undefined) return status === 0 ? 'status 0, and there is no object' : undefined
  return stored.equals(work.bytes) ? undefined : `status ${status}, and another object than what was put`
}

function complaintOfGot({ status, stdout }: Run, bytes: Buffer): string | undefined {
  if (status === 0) return stdout.equals(bytes) ? undefined : 'status 0, and what was got is not the object'
  if (stdout.length >= bytes.length) return `status ${status}, and all was given: ${stdout.length} bytes`
  // With 65 nothing that was given is to be trusted. It is not all, so no receiver completes it.
  const isWrongStart = status !== 65 && !stdout.equals(bytes.subarray(0, stdout.length))
  return isWrongStart ? `status ${status}, and ${stdout.length} bytes were given that are not the beginning` : undefined
}

function complaintOfLasting(run: Run, subject: Subject, fault: FaultName): string | undefined {
  if (!run.happened) return `the fault did not happen, status ${run.status}: ${run.stderr}`
  const { status = 75, work } = subject
  if (run.status !== status) return `status ${run.status}: ${run.stderr}`
  if (work.program === 'pget') return complaintOfGot(run, work.bytes)
  // What the store did without saying so, or would not abort, may stay; but nothing else than what was put.
  const isSilent = fault === 'lost-answer' || fault === 'hang'
  if (run.stored !== undefined && !run.stored.equals(work.bytes)) return 'the object is not what was put'
  return run.left > 0 && subject.on !== 'AbortMultipartUpload' && !isSilent ? `${run.left} uploads left` : undefined
}

function tell(
  name: string,
  faults: readonly FaultName[],
  runs: readonly Run[],
  wrong: readonly (string | undefined)[],
) {
  const outcome = (run: Run, index: number) => (wrong[index] === undefined ? `${run.status}` : 'WRONG')
  table.set(name, new Map(faults.map((fault, index) => [fault, outcome(runs[index]!, index)])))
}

function printTable(): void {
  const cells = [...table.values()].flatMap((row) => [...row.values()])
  const count = (text: string) => cells.filter((cell) => cell === text).length
  const width = Math.max(...[...table.keys()].map((name) => name.length))
  const lines = [...table].map(([name, row]) => {
    return `${name.padEnd(width)}  ${[...row].map(([fault, outcome]) => `${fault} ${outcome}`).join(' · ')}`
  })
  const statuses = [...new Set(cells)].toSorted().map((status) => `${count(status)} × ${status}`)
  console.log(`${lines.join('\n')}\n${cells.length} faults, each ended in a status: ${statuses.join(', ')}`)
}

test('pput that fails while its upload is being created leaves nothing', async () => {
  const words = [...put, '--expect-sha256', '0'.repeat(64)]
  for (let round = 0; round < 6; round++) {
    const run = await runWithFault(standIn, { ...stores, words })
    expect(run).toMatchObject({ status: 65, left: 0, stored: undefined })
  }
})
