import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { createServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { randomBytes } from '../fakes/inputs.ts'
import { root, start } from '../fakes/programs.ts'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { environmentOf } from '../s3-hosts/buckets.ts'

const certificate = join(root, 'test/vectors/tls/localhost.pem')
const bytes = Buffer.from(randomBytes(20_000_000))

/** The same server, behind TLS, with a certificate for localhost that nobody signed but itself. */
async function behindTls(endpoint: string) {
  const key = readFileSync(join(root, 'test/vectors/tls/localhost-key.pem'))
  const { hostname: host, port } = new URL(endpoint)
  const server = createServer({ key, cert: readFileSync(certificate) }, (socket) => {
    const plain = connect(Number(port), host)
    pipeline(socket, plain, socket, () => {})
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return `https://localhost:${(server.address() as AddressInfo).port}`
}

test('over TLS an object is stored and comes back as it was', async () => {
  const { standIn, url } = await standInWithBucket()
  const endpoint = await behindTls(standIn.endpoint)
  const environment = { ...environmentOf({ ...standIn, endpoint }), NODE_EXTRA_CA_CERTS: certificate }
  const put = start('pput', ['--format', 'bytes', url('key')], environment)
  put.child.stdin.end(bytes)
  expect(await put.ended).toMatchObject({ status: 0, stderr: '' })
  const { child, ended } = start('pget', ['--format', 'bytes', url('key')], environment)
  const got: Buffer[] = []
  child.stdout.on('data', (piece: Buffer) => got.push(piece))
  expect(await ended).toMatchObject({ status: 0, stderr: '' })
  expect(Buffer.concat(got).equals(bytes)).toBe(true)
})

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
