import { expect, test } from 'vitest'
import { certificateFile, forwardTo } from '../fakes/forwarder.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { start } from '../fakes/programs.ts'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { environmentOf } from '../s3-hosts/buckets.ts'

const certificate = certificateFile('localhost')
const bytes = Buffer.from(randomBytes(20_000_000))

/** The same server, behind TLS, with a certificate for localhost that nobody signed but itself. */
async function behindTls(endpoint: string) {
  return `https://localhost:${await forwardTo(endpoint, { certificate: 'localhost' })}`
}

test.each(['NODE_EXTRA_CA_CERTS', 'AWS_CA_BUNDLE'])(
  'over TLS an object is stored and comes back as it was, the certificate known by %s',
  async (variable) => {
    const { standIn, url } = await standInWithBucket()
    const endpoint = await behindTls(standIn.endpoint)
    const environment = { ...environmentOf({ ...standIn, endpoint }), [variable]: certificate }
    const put = start('pput', ['--format', 'bytes', url('key')], environment)
    put.child.stdin.end(bytes)
    expect(await put.ended).toMatchObject({ status: 0, stderr: '' })
    const { child, ended } = start('pget', ['--format', 'bytes', url('key')], environment)
    const got: Buffer[] = []
    child.stdout.on('data', (piece: Buffer) => got.push(piece))
    expect(await ended).toMatchObject({ status: 0, stderr: '' })
    expect(Buffer.concat(got).equals(bytes)).toBe(true)
  },
)

test.each(['pput', 'pget'])(
  '%s does not speak to a server whose certificate nobody vouches for: 77',
  async (program) => {
    const { standIn, url, put } = await standInWithBucket()
    await put('key', bytes)
    const environment = environmentOf({ ...standIn, endpoint: await behindTls(standIn.endpoint) })
    const { child, ended } = start(program, ['--format', 'bytes', url('key')], environment)
    child.stdin.end('bytes')
    expect(await ended).toMatchObject({ status: 77, stdout: '', stderr: expect.stringContaining('certificate') })
  },
)

test.each(['pput', 'pget'])('%s trusts nobody who is not in --ca-bundle: 77', async (program) => {
  const { standIn, url, put } = await standInWithBucket()
  await put('key', bytes)
  const environment = {
    ...environmentOf({ ...standIn, endpoint: await behindTls(standIn.endpoint) }),
    NODE_EXTRA_CA_CERTS: certificate,
  }
  const words = ['--format', 'bytes', '--ca-bundle', certificateFile('other-address'), url('key')]
  const { child, ended } = start(program, words, environment)
  child.stdin.end('bytes')
  expect(await ended).toMatchObject({ status: 77, stdout: '', stderr: expect.stringContaining('certificate') })
})

const key = certificateFile('localhost-key')

test.each([
  ['that is not there: 69', 69, '/no/such.pem', 'cannot open /no/such.pem: no such file'],
  ['without a certificate: 78', 78, key, `${key}: no certificate`],
])('a bundle %s', async (_, expected, file, reason) => {
  const { standIn, url } = await standInWithBucket()
  const environment = environmentOf({ ...standIn, endpoint: await behindTls(standIn.endpoint) })
  const { child, ended } = start('pput', ['--format', 'bytes', url('key')], { ...environment, AWS_CA_BUNDLE: file })
  child.stdin.end('bytes')
  const { status, stderr } = await ended
  expect({ status, stderr }).toEqual({ status: expected, stderr: expect.stringContaining(`pput: ${reason}`) })
})
