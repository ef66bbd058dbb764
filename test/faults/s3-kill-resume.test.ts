import { setTimeout as sleep } from 'node:timers/promises'
import { GetObjectCommand, ListMultipartUploadsCommand, ListPartsCommand } from '@aws-sdk/client-s3'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { formatBytes } from '../../src/cli/units.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { type Ended, start } from '../fakes/programs.ts'
import { startStandIn } from '../fakes/s3-server/server.ts'
import { SeededRandom } from '../fakes/seeded-random.ts'
import { type Bucket, createBucket, testOn } from '../s3-hosts/buckets.ts'
import { hostNames } from '../s3-hosts/servers.ts'
import { fewAtOnce } from './s3-runs.ts'

const mib = 1024 * 1024
const stream = Buffer.from(randomBytes(27 * mib + 12_345))
// Paced, so that most of a run's time is the upload's.
const words = ['--format', 'bytes', '--part-size', '5M', '--concurrency', '2', '--bwlimit', '40M', '--resume']
const seed = Number(process.env['KILL_SEED'] ?? 1)
const atOnce = 2

/** What a kill found, and what the last run of its chain said. */
interface Link {
  readonly storedBytes: number
  readonly wasPublished: boolean
}
interface Chain {
  readonly kills: readonly Link[]
  readonly skippedBytes: number
  readonly isChanged: boolean
}

const lines: string[] = []
afterAll(() => console.log([`kill -9 and pput --resume, seed ${seed}`, ...lines].join('\n')))

test('50 kills on a stand-in', { timeout: 180_000 }, async () => {
  const standIn = await startStandIn()
  onTestFinished(() => standIn.stop())
  await runChains('stand-in', 50, () => createBucket(standIn))
})

for (const host of hostNames) {
  testOn(host)(`6 kills on ${host}`, async ({ s3 }) => {
    await runChains(host, 6, () => createBucket(s3.server))
  })
}

async function runChains(host: string, wantedKills: number, bucketOf: () => Promise<Bucket>): Promise<void> {
  // On a busy machine a run takes longer than the first did: kills that all come too early come later the next time.
  const whole = { ms: await timeOfOne(bucketOf) }
  const plans = plansFor(whole)
  const chains: Chain[] = []
  const killsOf = () => chains.flatMap((chain) => chain.kills)
  const hasShown = () => chains.some(({ skippedBytes }) => skippedBytes > 0)
  while (killsOf().length < wantedKills || (!hasShown() && killsOf().length < 8 * wantedKills)) {
    if (chains.length > 0 && !hasShown()) whole.ms *= 1.2
    const some = Array.from({ length: atOnce }, () => plans.next().value)
    chains.push(...(await fewAtOnce(some, async (plan) => runChain(await bucketOf(), plan), atOnce)))
  }
  tell(host, chains)
  // Else the instants have shown nothing.
  expect(killsOf().some(({ storedBytes }) => storedBytes > 0)).toBe(true)
  expect(chains.some(({ skippedBytes }) => skippedBytes > 0)).toBe(true)
}

/** Instants from the time that a program takes to start, to the end of an undisturbed one, in milliseconds. */
function* plansFor(whole: { readonly ms: number }): Generator<Plan, never> {
  const random = new SeededRandom(seed)
  const instant = () => whole.ms * (0.3 + random.below(700) / 1000)
  for (let index = 0; ; index++) {
    const changedFrom = random.below(stream.length)
    // At last, the stream of every third is another one from some byte on.
    yield { instants: [instant(), instant(), instant()], changedFrom: index % 3 === 2 ? changedFrom : undefined }
  }
}

/** Kills one run after the other, lets the last one end, and looks at what came of it. */
async function runChain(bucket: Bucket, { instants, changedFrom }: Plan): Promise<Chain> {
  const kills: Link[] = []
  let wasPublished = false
  for (const ms of instants) {
    const { child, ended } = start('pput', [...words, bucket.url('key')], bucket.environment)
    const timer = setTimeout(() => child.kill('SIGKILL'), ms)
    child.stdin.end(stream)
    const { status, stderr } = await ended
    clearTimeout(timer)
    expect([0, 137], stderr).toContain(status)
    // What the server was told last may take effect after the program that said it is gone.
    if (status === 137) await sleep(500)
    wasPublished = (await objectIn(bucket)) !== undefined
    if (status === 137) kills.push({ storedBytes: await storedIn(bucket), wasPublished })
    // Done before its time came.
    else expect(wasPublished).toBe(true)
    if (wasPublished) break
  }
  const last = changedFrom === undefined ? stream : differentFrom(changedFrom)
  const storedBytes = await storedIn(bucket)
  const end = await pput(bucket, last)
  expect(end.status, end.stderr).toBe(wasPublished ? 73 : 0)
  expect((await objectIn(bucket))?.equals(wasPublished ? stream : last)).toBe(true)
  expect(await uploadsIn(bucket)).toEqual([])
  if (wasPublished) return { kills, skippedBytes: 0, isChanged: false }
  return { kills, skippedBytes: skippedIn(end, storedBytes, changedFrom), isChanged: changedFrom !== undefined }
}

interface Plan {
  readonly instants: readonly number[]
  readonly changedFrom: number | undefined
}

function differentFrom(byte: number): Buffer {
  const other = Buffer.from(stream)
  for (let at = byte; at < other.length; at += 1000) other[at]! ^= 0xff
  return other
}

/** What the program says that it skipped: all that was there, or of another stream no part that is different. */
function skippedIn({ stderr }: Ended, storedBytes: number, changedFrom: number | undefined): number {
  const [, said] = /^pput: resumed: (.*) were in the store already, (.*) were sent\n$/.exec(stderr) ?? []
  if (changedFrom === undefined) {
    expect(stderr).toBe(storedBytes === 0 ? '' : `pput: resumed: ${sayings(storedBytes)}\n`)
    return storedBytes
  }
  const equalBytes = Math.floor(changedFrom / (5 * mib)) * 5 * mib
  const possible = Array.from({ length: equalBytes / (5 * mib) + 1 }, (_, parts) => parts * 5 * mib)
  const skipped = possible.find((bytes) => (bytes === 0 ? said === undefined : said === formatBytes(bytes)))
  expect(skipped, stderr).toBeDefined()
  return skipped!
}

function sayings(skipped: number): string {
  return `${formatBytes(skipped)} were in the store already, ${formatBytes(stream.length - skipped)} were sent`
}

function tell(host: string, chains: readonly Chain[]): void {
  const kills = chains.flatMap((chain) => chain.kills)
  const count = (of: (kill: Link) => boolean) => kills.filter(of).length
  const published = count(({ wasPublished }) => wasPublished)
  const withParts = count(({ storedBytes, wasPublished }) => storedBytes > 0 && !wasPublished)
  const none = kills.length - published - withParts
  const skipped = chains.reduce((sum, { skippedBytes }) => sum + skippedBytes, 0)
  const found = `${none} found no part, ${withParts} found parts, ${published} found it published`
  const others = chains.filter(({ isChanged }) => isChanged).length
  lines.push(`${host}: ${kills.length} kills, ${found}; then ${chains.length} runs to the end, ${others} of them of`)
  lines.push(`  another stream, skipped ${formatBytes(skipped)}; ${chains.length} objects equal, 0 uploads left`)
}

/** The shortest of three: the first of all is slow, on either side. */
async function timeOfOne(bucketOf: () => Promise<Bucket>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 3; round++) {
    const bucket = await bucketOf()
    const began = performance.now()
    expect(await pput(bucket, stream)).toMatchObject({ status: 0, stderr: '' })
    times.push(performance.now() - began)
  }
  return Math.min(...times)
}

function pput(bucket: Bucket, bytes: Buffer): Promise<Ended> {
  const { child, ended } = start('pput', [...words, bucket.url('key')], bucket.environment)
  child.stdin.end(bytes)
  return ended
}

async function uploadsIn({ client, name }: Bucket) {
  return (await client.send(new ListMultipartUploadsCommand({ Bucket: name }))).Uploads ?? []
}

/** The bytes of all parts that wait for the rest of them. */
async function storedIn(bucket: Bucket): Promise<number> {
  let bytes = 0
  for (const { UploadId } of await uploadsIn(bucket)) {
    const { Parts = [] } = await bucket.client.send(new ListPartsCommand({ Bucket: bucket.name, Key: 'key', UploadId }))
    for (const { Size = 0 } of Parts) bytes += Size
  }
  return bytes
}

async function objectIn({ client, name }: Bucket): Promise<Buffer | undefined> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: 'key' }))
    return Buffer.from(await Body!.transformToByteArray())
  } catch (error) {
    if ((error as Error).name === 'NoSuchKey') return undefined
    throw error
  }
}
