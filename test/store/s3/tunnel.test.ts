import type { Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { isUnreached } from '../../../src/store/s3/judge-error.ts'
import { openTunnel } from '../../../src/store/s3/tunnel.ts'
import { startTcpServer } from '../../fakes/tcp-server.ts'

const destination = { protocol: 'https:', hostname: 's3.example.com' }

/** A proxy that does this with the first bytes of each connection. */
async function proxyThat(answer: (socket: Socket, asked: string) => void, user = '') {
  const { port } = await startTcpServer((socket) => {
    socket.once('data', (bytes) => answer(socket, bytes.toString()))
  })
  const url = new URL(`http://${user}127.0.0.1:${port}`)
  const open = async (to: object = {}, signal?: AbortSignal, idleMs = 10_000) => {
    const socket = await openTunnel(url, { ...destination, ...to }, { connectMs: 10_000, idleMs }, signal)
    onTestFinished(() => void socket.destroy())
    return socket
  }
  return { open, name: `the proxy 127.0.0.1:${port}` }
}

test.each([
  ['a name', {}, 's3.example.com:443'],
  ['a port', { port: 9000 }, 's3.example.com:9000'],
  ['an IPv6 address', { hostname: '[fd00::7]' }, '[fd00::7]:443'],
])('asks for a connection to %s, and gives it', async (_, to, authority) => {
  let asked = ''
  const { open } = await proxyThat((socket, text) => {
    asked = text
    socket.write('HTTP/1.0 200 Connection est')
    setTimeout(() => socket.write('ablished\r\nVia: x\r\n\r\n'), 10)
    socket.on('data', (bytes) => socket.write(bytes))
  })
  const socket = await open(to)
  expect(asked).toBe(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n\r\n`)
  expect(socket.timeout).toBe(0)
})

test('tells the user of the URL', async () => {
  let asked = ''
  const { open } = await proxyThat((socket, text) => {
    asked = text
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
  }, 'back%40up:p%3Aw@')
  await open()
  const [, credentials = ''] = /^proxy-authorization: Basic (\S+)$/m.exec(asked) ?? []
  expect(Buffer.from(credentials, 'base64').toString()).toBe('back@up:p:w')
})

test.each([
  ['forbids', 'HTTP/1.1 403 Filtered\r\n\r\n', 'it refuses to connect to s3.example.com:443: status 403 Filtered'],
  ['redirects', 'HTTP/1.1 302 Found\r\n\r\n', 'it refuses to connect to s3.example.com:443: status 302 Found'],
  ['wants a user', 'HTTP/1.1 407 Who\r\n\r\n', 'it wants a user and a password: status 407 Who'],
])('throws permission for one that %s', async (_, answer, words) => {
  const { open, name } = await proxyThat((socket) => socket.write(answer))
  await expect(open()).rejects.toMatchObject({ kind: 'permission', message: `${name}: ${words}` })
})

test('one that cannot reach the server is as good as a server that cannot be reached', async () => {
  const { open, name } = await proxyThat((socket) => socket.write('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
  const error = await open().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ message: `${name}: no way to s3.example.com:443: status 502 Bad Gateway` })
  expect(isUnreached(error)).toBe(true)
})

test.each([
  ['closes', (socket: Socket) => socket.end(), 'ECONNRESET'],
  ['speaks no HTTP', (socket: Socket) => socket.write('SSH-2.0-x\r\n\r\n'), 'HPE_INVALID'],
  ['goes on speaking', (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nhello'), 'HPE_INVALID'],
])('one that %s is a connection that broke', async (_, answer, code) => {
  const { open, name } = await proxyThat(answer)
  await expect(open()).rejects.toMatchObject({ code, message: expect.stringContaining(name) })
})

test('one that is silent is given up after the time for silence', async () => {
  const { open, name } = await proxyThat(() => {})
  const error = await open({}, undefined, 100).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'TimeoutError', message: expect.stringContaining(name) })
})

test('an abort ends the wait with its own reason', async () => {
  const stop = new AbortController()
  const reason = new Error('stopped')
  const { open } = await proxyThat(() => stop.abort(reason))
  await expect(open({}, stop.signal)).rejects.toBe(reason)
})
