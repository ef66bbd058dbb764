import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createDigest, digestNames, digestOf } from '../../src/stream/digest.ts'
import { digestInThread, startDigestThread } from '../../src/stream/digest-thread.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { randomBytes } from '../fakes/inputs.ts'

// The check values of "123456789": the CRC catalogue, RFC 1321, FIPS 180-4, and xxhsum -H64.
const checkValues = {
  crc32: 'cbf43926',
  crc32c: 'e3069283',
  crc64nvme: 'ae8b14860a799888',
  xxh64: '8cb841db40e6ae83',
  md5: '25f9e794323b453885f5181f1b624d0b',
  sha256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
}

describe('digests', () => {
  test.each(digestNames)('%s has its published check value', async (name) => {
    const digest = await createDigest(name)
    digest.update(Buffer.from('123456789'))
    expect(digest.hex()).toBe(checkValues[name])
  })

  test.each(digestNames)('%s does not depend on how the bytes are cut, nor on shared memory', async (name) => {
    const bytes = randomBytes(100_000)
    const whole = await createDigest(name)
    whole.update(bytes)
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
    shared.set(bytes)
    const cut = await createDigest(name)
    for (let at = 0; at < bytes.length; at += 777) cut.update(shared.subarray(at, at + 777))
    expect(cut.hex()).toBe(whole.hex())
  })

  test.each(digestNames)('%s goes on after its end in no other of its kind', async (name) => {
    const ended = await createDigest(name)
    ended.update(Buffer.from('123456789'))
    ended.hex()
    try {
      ended.hex()
    } catch {
      // Some refuse it.
    }
    const next = [await createDigest(name), await createDigest(name)]
    for (const each of next) each.update(Buffer.from('12345'))
    try {
      ended.update(Buffer.from('another'))
    } catch {
      // As they should.
    }
    for (const each of next) {
      each.update(Buffer.from('6789'))
      expect(each.hex()).toBe(checkValues[name])
    }
  })

  // Never written to, so that they take no memory. An S3 part may have as many.
  test('takes more than 2 GiB at once', { timeout: 120_000 }, async () => {
    expect(await digestOf('md5', new Uint8Array(new SharedArrayBuffer(2 ** 31)))).toBe(
      'a981130cf2b7e09f4686dc273cf7187e',
    )
  })

  test('a thread that ended answers nobody, and leaves nobody waiting', { timeout: 10_000 }, async () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(50_000_000))
    const thread = await startDigestThread(['md5'])
    const asked = thread.update(bytes)
    await Promise.all([thread.stop(), expect(asked).rejects.toThrow('has ended')])
    await expect(thread.update(bytes)).rejects.toThrow('has ended')
    await expect(thread.finish()).rejects.toThrow('has ended')
  })

  test('a program waits for the end of its thread, though the thread answers meanwhile', {
    timeout: 20_000,
  }, async () => {
    const built = new URL('../../dist/stream/digest-thread.js', import.meta.url)
    const file = join(temporaryFolder(), 'program.mjs')
    const program = `
      const { startDigestThread } = await import('${built.href}')
      const piece = new Uint8Array(new SharedArrayBuffer(65536))
      for (let number = 0; number < 20; number++) {
        const thread = await startDigestThread(['md5'])
        thread.update(piece).catch(() => {})
        for (let turns = 0; turns < number % 10; turns++) await null
        await thread.stop()
      }
      console.log('ended')`
    await writeFile(file, program)
    const { stdout } = await promisify(execFile)(process.execPath, [file])
    expect(stdout).toBe('ended\n')
  })

  test('the thread gives the same, many at once', async () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(300_000))
    bytes.set(randomBytes(300_000))
    const thread = await startDigestThread(['md5', 'sha256', 'xxh64'])
    for (let at = 0; at < bytes.length; at += 50_000) await thread.update(bytes.subarray(at, at + 50_000))
    const expected: Record<string, string> = {}
    for (const name of ['md5', 'sha256', 'xxh64'] as const) {
      const digest = await createDigest(name)
      digest.update(bytes)
      expected[name] = digest.hex()
    }
    expect(await thread.finish()).toEqual(expected)
  })

  test('whole pieces can be given to a thread that all have together', async () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(300_000))
    bytes.set(randomBytes(300_000))
    const jobs = digestNames.flatMap((name) => [0, 1, 100_000].map((from) => ({ name, part: bytes.subarray(from) })))
    const found = await Promise.all(jobs.map(({ name, part }) => digestInThread(name, part)))
    const expected = await Promise.all(jobs.map(({ name, part }) => digestOf(name, part)))
    expect(found).toEqual(expected)
    expect(new Set(found).size).toBe(jobs.length)
  })
})
