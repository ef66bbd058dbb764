import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { withFaults } from '../fakes/fault-proxy/fault-proxy.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { start } from '../fakes/programs.ts'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { startSts } from '../fakes/sts.ts'

// Several parts, and several ranges.
const bytes = Buffer.from(randomBytes(30_000_000))

/** As in a cluster that gives its programs a file, or as an administrator has them in his home. */
const ways: Readonly<Record<string, (folder: string) => NodeJS.ProcessEnv>> = {
  AssumeRoleWithWebIdentity(folder) {
    writeFileSync(join(folder, 'token'), 'who I am')
    const role = 'arn:aws:iam::123456789012:role/backup'
    return { AWS_ROLE_ARN: role, AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token') }
  },
  AssumeRole(folder) {
    const keys = '[mine]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n'
    const role = '[profile role]\nrole_arn = arn:aws:iam::123456789012:role/backup\nsource_profile = mine\n'
    writeFileSync(join(folder, 'credentials'), keys)
    writeFileSync(join(folder, 'config'), role)
    const [AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE] = [join(folder, 'credentials'), join(folder, 'config')]
    return { AWS_PROFILE: 'role', AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE }
  },
}

test.each(Object.entries(ways))('the keys of a role are asked for once by each program (%s)', async (action, way) => {
  const { standIn, url } = await standInWithBucket()
  const sts = await startSts(standIn)
  const environment = {
    AWS_REGION: standIn.region,
    AWS_ENDPOINT_URL_S3: standIn.endpoint,
    AWS_ENDPOINT_URL_STS: sts.url,
    ...way(temporaryFolder()),
  }
  const run = (program: string, words: readonly string[]) => start(program, words, environment)

  const put = run('pput', ['--format', 'bytes', url('key')])
  put.child.stdin.end(bytes)
  expect(await put.ended).toMatchObject({ status: 0, stderr: '' })

  const get = run('pget', ['--format', 'bytes', '--retry-for', '5s', '--idle-timeout', '2s', url('key')])
  const got: Buffer[] = []
  get.child.stdout.on('data', (piece: Buffer) => got.push(piece))
  expect(await get.ended).toMatchObject({ status: 0, stderr: '' })
  expect(Buffer.concat(got).equals(bytes)).toBe(true)

  const chunks = temporaryFolder()
  writeFileSync(join(chunks, 'xaa'), bytes.subarray(0, 1000))
  const ship = run('chunkwatch', ['--once', '--settle', '100ms', chunks, url('chunks/')])
  expect(await ship.ended).toMatchObject({ status: 0, stdout: expect.stringMatching(/^[0-9a-f]{32} {2}xaa\n$/) })
  expect(sts.asked).toEqual([action, action, action])
})

test('a token that ends while several parts are under way is asked for once more', async () => {
  const { standIn, url } = await standInWithBucket()
  const sts = await startSts(standIn)
  const refused = [2, 3].map((nth) => ({ on: 'UploadPart', nth, do: 'expired-token' }) as const)
  const proxy = await withFaults(standIn, refused)
  const put = start('pput', ['--format', 'bytes', url('key')], {
    AWS_REGION: standIn.region,
    AWS_ENDPOINT_URL_S3: proxy.endpoint,
    AWS_ENDPOINT_URL_STS: sts.url,
    ...ways['AssumeRole']?.(temporaryFolder()),
  })
  put.child.stdin.end(bytes)
  expect(await put.ended).toMatchObject({ status: 0, stderr: '' })
  expect(proxy.plan.missed).toEqual([])
  expect(sts.asked.length).toBe(2)
})

test('a role whose keys are about to end is assumed again, while parts are under way', async () => {
  const { standIn, url } = await standInWithBucket()
  // The SDK renews what is good for less than five minutes.
  const sts = await startSts(standIn, 303_000)
  const put = start('pput', ['--format', 'bytes', url('key')], {
    AWS_REGION: standIn.region,
    AWS_ENDPOINT_URL_S3: standIn.endpoint,
    AWS_ENDPOINT_URL_STS: sts.url,
    ...ways['AssumeRole']?.(temporaryFolder()),
  })
  put.child.stdin.write(bytes.subarray(0, 15_000_000))
  await sleep(5000)
  put.child.stdin.end(bytes.subarray(15_000_000))
  expect(await put.ended).toMatchObject({ status: 0, stderr: '' })
  expect(sts.asked.length).toBeGreaterThan(1)
})
