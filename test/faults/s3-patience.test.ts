import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { withFaults } from '../fakes/fault-proxy/fault-proxy.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { freePort } from '../fakes/free-port.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { sh, start } from '../fakes/programs.ts'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { type Bucket, environmentOf } from '../s3-hosts/buckets.ts'

const mib = 1024 * 1024
// A program takes a while to start on a busy machine.
const atLeisure = { timeout: 20_000 }
const large = Buffer.from(randomBytes(11 * mib))
const put = ['--format', 'bytes', '--part-size', '5M']
const done = { status: 0, stderr: '' }

describe('a program that is stopped for longer than a connection may be silent', () => {
  const silence = ['--idle-timeout', '3s', '--retry-for', '60s']
  const stoppedMs = Number(process.env['STOPPED_SECONDS'] ?? 8) * 1000

  async function stopFor(ms: number, child: { kill(signal: NodeJS.Signals): boolean }): Promise<void> {
    child.kill('SIGSTOP')
    await sleep(ms)
    child.kill('SIGCONT')
  }

  test('pput goes on, and stores it whole', { timeout: stoppedMs + 60_000 }, async () => {
    const { standIn, name, url, environment } = await standInWithBucket()
    const { child, ended } = start('pput', [...put, ...silence, '--bwlimit', '6M', url('key')], environment)
    child.stdin.end(large)
    await expect.poll(() => standIn.handled.some(({ operation }) => operation === 'UploadPart'), atLeisure).toBe(true)
    await stopFor(stoppedMs, child)
    expect(await ended).toEqual(expect.objectContaining(done))
    expect(standIn.bucket(name).objects.get('key')?.bytes.equals(large)).toBe(true)
    expect(standIn.bucket(name).uploads.size).toBe(0)
  })

  test('pget goes on, and gives it whole', { timeout: stoppedMs + 60_000 }, async () => {
    const bucket = await standInWithBucket()
    await bucket.put('key', large)
    const running = startGet(bucket, [...silence, '--bwlimit', '4M'])
    await expect.poll(() => running.pieces.length, atLeisure).toBeGreaterThan(0)
    await stopFor(stoppedMs, running.child)
    expect(await running.ended).toEqual(expect.objectContaining(done))
    expect(Buffer.concat(running.pieces).equals(large)).toBe(true)
  })
})

describe('a slow link is not a silent one', () => {
  // So slow that a part takes many times as long as a connection may be silent.
  const silence = ['--idle-timeout', '6s', '--retry-for', '60s']
  const some = large.subarray(0, 6 * mib)

  test('pput at 200 kB/s', { timeout: 120_000 }, async () => {
    const bucket = await standInWithBucket()
    const proxy = await withFaults(bucket.standIn, [{ on: 'UploadPart', times: 99, do: 'very-slow-link' }])
    const words = [...put, ...silence, '--concurrency', '1', '--verbose', bucket.url('key')]
    const { child, ended } = start('pput', words, environmentOf(proxy))
    child.stdin.end(some)
    const { status, stderr } = await ended
    // All that is under way may seem to hang once.
    const again = stderr.match(/trying again/g)?.length ?? 0
    expect([status, again <= 1], stderr).toEqual([0, true])
    expect(bucket.standIn.bucket(bucket.name).objects.get('key')?.bytes.equals(some)).toBe(true)
    expect(proxy.plan.missed).toEqual([])
  })

  test('pget at 200 kB/s', { timeout: 120_000 }, async () => {
    const bucket = await standInWithBucket()
    await bucket.put('key', some)
    const proxy = await withFaults(bucket.standIn, [{ on: 'GetObject', times: 99, do: 'very-slow-link' }])
    const running = startGet({ ...bucket, environment: environmentOf(proxy) }, [...silence, '--verbose'])
    const { status, stderr } = await running.ended
    expect([status, /trying again/.test(stderr)], stderr).toEqual([0, false])
    expect(Buffer.concat(running.pieces).equals(some)).toBe(true)
  })
})

describe.each([1, -1])("a clock that differs from the server's by %i h", (hours) => {
  test('is set right by the answers: pput and pget work', async () => {
    const bucket = await standInWithBucket({ clockAheadMs: hours * 3_600_000 })
    const { standIn, name } = bucket
    for (const bytes of [large, large.subarray(0, 1000)]) {
      const key = `key-${bytes.length}`
      const { child, ended } = start('pput', [...put, bucket.url(key)], bucket.environment)
      child.stdin.end(bytes)
      expect(await ended).toMatchObject(done)
      expect(standIn.bucket(name).objects.get(key)?.bytes.equals(bytes)).toBe(true)
      const running = startGet(bucket, [], key)
      expect(await running.ended).toEqual(expect.objectContaining(done))
      expect(Buffer.concat(running.pieces).equals(bytes)).toBe(true)
    }
    expect(standIn.handled.some(({ code }) => code === 'RequestTimeTooSkewed')).toBe(true)
  })

  test('does not hide a wrong secret, nor that there is no object', async () => {
    const { environment, url } = await standInWithBucket({ clockAheadMs: hours * 3_600_000 })
    const stranger = { ...environment, AWS_SECRET_ACCESS_KEY: 'wrong' }
    const refused = await sh(`pget ${url('key')}`, undefined, stranger)
    expect(refused).toMatchObject({ status: 77, stderr: expect.stringContaining('SignatureDoesNotMatch') })
    const absent = await sh(`pget ${url('key')}`, undefined, environment)
    expect(absent).toMatchObject({ status: 69, stderr: expect.stringContaining('no such object') })
  })
})

test('a refused HEAD says why: 77, and which of the keys is wrong', async () => {
  const { environment, url } = await standInWithBucket()
  const wrong = { ...environment, AWS_SECRET_ACCESS_KEY: 'wrong' }
  expect(await sh(`pget ${url('key')}`, undefined, wrong)).toMatchObject({
    status: 77,
    stderr: expect.stringContaining('pget: hint: the secret key does not belong to the access key'),
  })
  const unknown = { ...environment, AWS_ACCESS_KEY_ID: 'AKIAUNKNOWN' }
  expect(await sh(`echo x | pput ${url('key')}`, undefined, unknown)).toMatchObject({
    status: 77,
    stderr: expect.stringContaining('pput: hint: the server does not know the access key'),
  })
})

describe('a server that cannot be reached', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
  const lasting = ['--retry-for', '1h']

  test.each([
    ['a name that nobody has', 'http://no-such-host.invalid', 'ENOTFOUND'],
    ['a port that nobody listens on', 'http://127.0.0.1:9', 'ECONNREFUSED'],
  ])('%s: 69 within 25 s, though requests may be tried for an hour', async (_, endpoint, code) => {
    const began = performance.now()
    const { child, ended } = start('pput', [...lasting, '--endpoint', endpoint, 's3://bucket/key'], keys)
    child.stdin.end('bytes')
    const { status, stderr } = await ended
    expect([status, stderr]).toEqual([69, expect.stringMatching(new RegExp(`cannot be reached: .*${code}`))])
    expect(stderr).toContain('pput: hint: check the endpoint')
    expect(performance.now() - began).toBeLessThan(25_000)
  })

  test('for longer than that, after it was reached once: pput waits for it', { timeout: 90_000 }, async () => {
    const bucket = await standInWithBucket()
    const port = await freePort()
    const first = await withFaults(bucket.standIn, [], port)
    const { child, ended } = start('pput', [...put, ...lasting, bucket.url('key')], environmentOf(first))
    child.stdin.write(large.subarray(0, 6 * mib))
    await expect
      .poll(() => bucket.standIn.handled.some(({ operation }) => operation === 'UploadPart'), atLeisure)
      .toBe(true)
    await first.stop()
    child.stdin.end(large.subarray(6 * mib))
    await sleep(22_000)
    await withFaults(bucket.standIn, [], port)
    expect(await ended).toMatchObject(done)
    expect(bucket.standIn.bucket(bucket.name).objects.get('key')?.bytes.equals(large)).toBe(true)
  })
})

test('an endpoint of a profile is spoken to with the bucket in the path', async () => {
  const bucket = await standInWithBucket()
  const { accessKey, secretKey, endpoint } = bucket.server
  await bucket.put('key', large.subarray(0, 1000))
  const config = [
    `[profile theirs]\nendpoint_url = ${endpoint}\nregion = us-east-1`,
    `aws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretKey}\n`,
  ].join('\n')
  const write = `printf '%s' "$CONFIG" >config`
  const folder = temporaryFolder()
  const environment = { CONFIG: config, AWS_CONFIG_FILE: `${folder}/config` }
  for (const chosen of ['AWS_PROFILE=theirs pget', 'pget --profile theirs']) {
    const got = await sh(`${write}; ${chosen} --format bytes ${bucket.url('key')} | wc -c`, folder, environment)
    expect(got).toMatchObject({ status: 0, stderr: '', stdout: '1000\n' })
  }
})

function startGet({ url, environment }: Bucket, words: readonly string[], key = 'key') {
  const { child, ended } = start('pget', ['--format', 'bytes', ...words, url(key)], environment)
  const pieces: Buffer[] = []
  child.stdout.on('data', (piece) => pieces.push(piece))
  return { child, ended, pieces }
}
