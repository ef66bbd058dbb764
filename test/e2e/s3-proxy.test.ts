import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { certificateFile, forwardTo } from '../fakes/forwarder.ts'
import { freePort } from '../fakes/free-port.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { start } from '../fakes/programs.ts'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { startTcpServer } from '../fakes/tcp-server.ts'
import { lacksTinyproxy, startTinyproxy } from '../fakes/tinyproxy.ts'
import { environmentOf } from '../s3-hosts/buckets.ts'

// This machine too, but not by the names that no proxy is asked for.
const address = '127.0.0.2'
const bytes = Buffer.from(randomBytes(20_000_000))

/** A server that is elsewhere, over TLS or not. */
async function elsewhere(protocol: string) {
  const bucket = await standInWithBucket()
  const certificate = protocol === 'https:' ? { certificate: 'other-address' } : {}
  const port = await forwardTo(bucket.standIn.endpoint, { address, ...certificate })
  const endpoint = `${protocol}//${address}:${port}`
  const environment = {
    ...environmentOf({ ...bucket.standIn, endpoint }),
    AWS_CA_BUNDLE: certificateFile('other-address'),
  }
  return { ...bucket, authority: `${address}:${port}`, environment }
}

async function putting(url: string, environment: NodeJS.ProcessEnv, words: readonly string[] = []) {
  const { child, ended } = start('pput', ['--format', 'bytes', ...words, url], environment)
  child.stdin.end(bytes)
  return ended
}

async function getting(url: string, environment: NodeJS.ProcessEnv) {
  const { child, ended } = start('pget', ['--format', 'bytes', url], environment)
  const got: Buffer[] = []
  child.stdout.on('data', (piece: Buffer) => got.push(piece))
  return { ...(await ended), isSame: Buffer.concat(got).equals(bytes) }
}

describe.skipIf(lacksTinyproxy)('by way of tinyproxy', () => {
  test.each([
    ['https:', 'HTTPS_PROXY', /^CONNECT 127\.0\.0\.2:\d+ HTTP\/1\.1$/],
    ['https:', 'https_proxy', /^CONNECT 127\.0\.0\.2:\d+ HTTP\/1\.1$/],
    ['http:', 'HTTP_PROXY', /^(GET|HEAD|POST|PUT) http:\/\/127\.0\.0\.2:\d+\/test-\w+\/\S+ HTTP\/1\.1$/],
  ])('an object is stored over %s and comes back as it was, told by %s', async (protocol, variable, form) => {
    const { url, environment } = await elsewhere(protocol)
    const proxy = await startTinyproxy()
    const all = { ...environment, [variable]: proxy.url }
    expect(await putting(url('key'), all)).toMatchObject({ status: 0, stderr: '' })
    const stored = (await proxy.requests()).length
    expect(stored).toBeGreaterThan(0)
    expect(await getting(url('key'), all)).toMatchObject({ status: 0, stderr: '', isSame: true })
    const requests = await proxy.requests()
    expect(requests.length).toBeGreaterThan(stored)
    for (const request of requests) expect(request).toMatch(form)
  })

  test.each(['https:', 'http:'])('a proxy that wants a user gets the one of its URL (%s)', async (protocol) => {
    const { url, environment } = await elsewhere(protocol)
    const proxy = await startTinyproxy('BasicAuth backup secret')
    const by = (user: string) => {
      const withUser = `http://${user}127.0.0.1:${proxy.port}`
      return { ...environment, HTTPS_PROXY: withUser, HTTP_PROXY: withUser }
    }
    const refused = await putting(url('key'), by(''))
    expect(refused).toMatchObject({ status: 77, stderr: expect.stringContaining('http://user:password@host:port') })
    expect(await putting(url('key'), by('backup:s%65cret@'))).toMatchObject({ status: 0, stderr: '' })
    expect(await getting(url('key'), by('backup:s%65cret@'))).toMatchObject({ status: 0, isSame: true })
  })

  test('a proxy that lets nobody out to there: 77', async () => {
    const { url, environment, authority } = await elsewhere('https:')
    const proxy = await startTinyproxy('ConnectPort 443')
    const { status, stderr } = await putting(url('key'), { ...environment, HTTPS_PROXY: proxy.url })
    expect(stderr).toContain(
      `pput: the proxy 127.0.0.1:${proxy.port}: it refuses to connect to ${authority}: status 403`,
    )
    expect(status).toBe(77)
  })

  test('a proxy that does not reach the server: 69', async () => {
    const { url, environment } = await elsewhere('https:')
    const proxy = await startTinyproxy()
    const nobody = `https://${address}:${await freePort()}`
    const all = { ...environment, AWS_ENDPOINT_URL: nobody, HTTPS_PROXY: proxy.url }
    const { status, stderr } = await putting(url('key'), all, ['--retry-for', '1s'])
    expect(stderr).toContain(`the server cannot be reached: the proxy 127.0.0.1:${proxy.port}: no way to ${address}:`)
    expect(status).toBe(69)
  })

  test('what NO_PROXY names is reached without', async () => {
    const { url, environment } = await elsewhere('https:')
    const proxy = await startTinyproxy()
    const all = { ...environment, HTTPS_PROXY: proxy.url, NO_PROXY: 'example.com,127.0.0.0/8' }
    expect(await putting(url('key'), all)).toMatchObject({ status: 0, stderr: '' })
    expect(await proxy.requests()).toEqual([])
  })
})

test.each(['https:', 'http:'])('a proxy that is not there: 69, and it is named (%s)', async (protocol) => {
  const { url, environment } = await elsewhere(protocol)
  const proxy = `127.0.0.1:${await freePort()}`
  const all = { ...environment, HTTPS_PROXY: proxy, HTTP_PROXY: proxy }
  for (const ended of [
    await putting(url('key'), all, ['--retry-for', '1s']),
    await start('pget', ['--retry-for', '1s', url('key')], all).ended,
  ]) {
    expect(ended).toMatchObject({ status: 69, stderr: expect.stringContaining(proxy) })
    expect(ended.stderr).toContain('the server cannot be reached')
  }
})

test.each(['pput', 'pget'])('%s ends soon when it is stopped while a proxy is silent', async (program) => {
  const { url, environment } = await elsewhere('https:')
  const { server, port } = await startTcpServer(() => {})
  const asked = once(server, 'connection')
  const all = { ...environment, HTTPS_PROXY: `127.0.0.1:${port}` }
  const { child, ended } = start(program, ['--format', 'bytes', url('key')], all)
  child.stdin.end(bytes)
  await asked
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ status: 143 })
})

test.each(['socks5://127.0.0.1:1080', 'https://127.0.0.1:3128', 'http://', 'http://a%zz@b:1'])(
  'what is no proxy of HTTP: 78 (%s)',
  async (proxy) => {
    const { status, stderr } = await putting('s3://bucket/key', { HTTPS_PROXY: proxy })
    expect(stderr).toContain('HTTPS_PROXY')
    expect(status).toBe(78)
  },
)
