import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { clientOf } from '../../s3-hosts/buckets.ts'
import type { Operation } from '../s3-server/operation.ts'
import { standInWithBucket } from '../s3-server/started.ts'
import { withFaults } from './fault-proxy.ts'
import type { Fault } from './plan.ts'

const body = Buffer.alloc(200_000, 'pattern ')
const broken = { code: 'ECONNRESET' }

/** A bucket behind a proxy, and a client that tries once. */
async function behindProxy(faults: readonly Fault[]) {
  const { standIn, name } = await standInWithBucket()
  const proxy = await withFaults(standIn, faults)
  const client = clientOf(proxy, 1)
  const at = { Bucket: name, Key: 'key' }
  return {
    plan: proxy.plan,
    put: (input: Partial<PutObjectCommandInput> = {}) =>
      client.send(new PutObjectCommand({ ...at, Body: body, ...input })),
    head: () => client.send(new HeadObjectCommand(at)),
    async get() {
      const { Body } = await client.send(new GetObjectCommand(at))
      return Buffer.from(await Body!.transformToByteArray())
    },
    /** What the server itself has. */
    stored: () => standIn.bucket(name).objects.get('key')?.bytes,
  }
}

test('without a plan all passes', async () => {
  const { put, get, plan } = await behindProxy([])
  await put()
  expect(Buffer.compare(await get(), body)).toBe(0)
  expect([plan.seen('PutObject'), plan.seen('GetObject'), plan.missed]).toEqual([1, 1, []])
})

test('only the nth of its kind is met, so many times', async () => {
  const fault: Fault = { on: 'PutObject', nth: 2, times: 2, do: '500' }
  const { put, plan } = await behindProxy([fault])
  const outcomes = []
  for (let count = 0; count < 4; count++) outcomes.push((await Promise.allSettled([put()]))[0].status)
  expect(outcomes).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
  expect(plan.timesOf(fault)).toBe(2)
})

test('what never happened is missed', async () => {
  const never: Fault = { on: 'UploadPart', do: 'hang' }
  const { put, plan } = await behindProxy([never])
  await put()
  expect(plan.missed).toEqual([never])
})

describe('a PUT', () => {
  test.each([
    ['500', { name: 'InternalError' }],
    ['503-slow-down', { name: 'SlowDown' }],
    ['moved-302', { name: 'Found' }],
    ['clock-skew', { name: 'RequestTimeTooSkewed' }],
    ['expired-token', { name: 'ExpiredToken' }],
    ['reset-before-body', broken],
    ['reset-mid-body', broken],
    ['reset-after-body', broken],
  ] as const)('with %s fails, and nothing is stored', async (fault, error) => {
    const { put, plan, stored } = await behindProxy([{ on: 'PutObject', do: fault }])
    await expect(put()).rejects.toMatchObject(error)
    expect([plan.missed, stored()]).toEqual([[], undefined])
  })

  test('whose answer is lost fails, and is stored', async () => {
    const { put, plan, stored } = await behindProxy([{ on: 'PutObject', do: 'lost-answer' }])
    await expect(put()).rejects.toMatchObject(broken)
    expect([plan.missed, stored()?.length]).toEqual([[], body.length])
  })

  test('with a flipped bit is refused', async () => {
    const { put, plan, stored } = await behindProxy([{ on: 'PutObject', do: 'flipped-bit-up' }])
    await expect(put()).rejects.toMatchObject({ name: 'XAmzContentSHA256Mismatch' })
    expect([plan.missed, stored()]).toEqual([[], undefined])
  })

  test.each(['no-checksums-400', 'no-checksums-501'] as const)('with a checksum meets %s', async (fault) => {
    const { put, plan } = await behindProxy([{ on: 'PutObject', times: 2, do: fault }])
    await put()
    expect(plan.missed).toHaveLength(1)
    await expect(put({ ChecksumAlgorithm: 'CRC32' })).rejects.toMatchObject({
      $metadata: { httpStatusCode: fault.endsWith('400') ? 400 : 501 },
    })
    expect(plan.missed).toEqual([])
  })

  test('on a slow link takes its time', async () => {
    const { put, plan } = await behindProxy([{ on: 'PutObject', do: 'slow-link' }])
    const began = performance.now()
    await put()
    expect(performance.now() - began).toBeGreaterThan(150)
    expect(plan.missed).toEqual([])
  })
})

describe('a GET', () => {
  test('that is broken off in its answer fails', async () => {
    const { put, get, plan } = await behindProxy([{ on: 'GetObject', do: 'reset-mid-body' }])
    await put()
    await expect(get()).rejects.toThrow()
    expect(plan.missed).toEqual([])
  })

  test('with a flipped bit in its answer gives other bytes', async () => {
    const { put, get, plan } = await behindProxy([{ on: 'GetObject', do: 'flipped-bit-down' }])
    await put()
    const got = await get()
    expect([got.length, got[0]! ^ body[0]!, plan.missed]).toEqual([body.length, 1, []])
  })
})

test.each(['PutObject', 'HeadObject'] as const)('%s answers with the wrong ETag', async (on: Operation) => {
  const { put, head, plan } = await behindProxy([{ on, do: 'wrong-etag' }])
  const [one, other] = [(await put()).ETag, (await head()).ETag]
  expect(one).not.toBe(other)
  expect(plan.missed).toEqual([])
})

test('a request that hangs gets no answer', async () => {
  const { head, plan } = await behindProxy([{ on: 'HeadObject', do: 'hang' }])
  const outcome = head().then(
    () => 'answered',
    () => 'failed',
  )
  const waited = new Promise((resolve) => setTimeout(resolve, 300, 'nothing'))
  expect(await Promise.race([outcome, waited])).toBe('nothing')
  expect(plan.missed).toEqual([])
})
