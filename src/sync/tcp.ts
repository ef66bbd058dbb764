import { hkdfSync } from 'node:crypto'
import { connect as connectPlain, createServer as createPlainServer, type Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { Failure } from '../errors.ts'
import type { Link } from './channel.ts'
import { socketLink } from './links.ts'

/** A key that both ends have; or 'insecure': everybody may read, send and receive. */
export type Security = { readonly key: Uint8Array } | 'insecure'

export interface Address {
  /** Undefined: of all interfaces. */
  readonly host: string | undefined
  readonly port: number
}

const connectMs = 20_000
const handshakeMs = 10_000
// Of a peer that has vanished without a word, as when a link is cut.
const keepAliveMs = 15_000

// TLS 1.3 with the shared key and X25519: who records it today cannot read it with the key of tomorrow. No certificates.
const tlsOptions = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const
const identity = 'zfsync 1'

/** `host:8023`, `[::1]:8023`, `:8023`. Throws 'usage'. */
export function parseAddress(text: string): Address {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === undefined || port > 65_535) {
    throw new Failure('usage', `'${text}' is no address`, { hint: 'write host:port, or [address]:port for IPv6' })
  }
  const host = bracketed ?? plain
  return { host: host === '' ? undefined : host, port }
}

export function formatAddress({ host, port }: Address): string {
  return `${host?.includes(':') ? `[${host}]` : (host ?? '')}:${port}`
}

/** Connects, and proves the key where there is one. A wrong key is a Failure 'permission'. */
export async function connectTcp(address: Address, security: Security, signal: AbortSignal): Promise<Link> {
  const target = { host: address.host ?? 'localhost', port: address.port, signal }
  const socket = connectPlain(target)
  socket.setNoDelay(true).setKeepAlive(true, keepAliveMs)
  await settled(socket, 'connect', address)
  if (security === 'insecure') return socketLink(socket)
  const psk = pskOf(security.key)
  const pskCallback = () => ({ psk, identity })
  const secured = connectTls({ ...tlsOptions, socket, pskCallback, checkServerIdentity: () => undefined })
  await settled(secured, 'secureConnect', address)
  return socketLink(secured)
}

async function settled(socket: Socket, event: 'connect' | 'secureConnect', address: Address): Promise<void> {
  const { promise, ...settle } = deferred()
  const timer = setTimeout(
    () => settle.reject(new Failure('retry', `${formatAddress(address)} does not answer`)),
    connectMs,
  )
  socket.once(event, settle.resolve)
  socket.once('error', (error) => settle.reject(explained(error, address)))
  socket.once('close', () => settle.reject(refused(address)))
  try {
    await promise
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function deferred() {
  let [resolve, reject] = [() => {}, (_: unknown) => {}]
  const promise = new Promise<void>((resolveIt, rejectIt) => {
    resolve = resolveIt
    reject = rejectIt
  })
  return { promise, resolve, reject }
}

function explained(error: NodeJS.ErrnoException, address: Address): unknown {
  return error.code?.startsWith('ERR_SSL') || error.code === 'ECONNRESET' ? refused(address, error) : error
}

function refused(address: Address, cause?: unknown): Failure {
  return new Failure('permission', `${formatAddress(address)} does not take our key`, {
    hint: 'both ends need the same key file; is it a zfsync-recv at all, and without --insecure?',
    cause,
  })
}

export interface Listening {
  readonly signal: AbortSignal
  readonly mostConnections: number
  onListening(address: Address): void
  /** A peer has proven that it has the key. */
  onLink(link: Link, peer: string): void
  /** One that has not. */
  onRefused(peer: string, reason: string): void
}

/** Takes connections until the signal aborts. Rejects if it cannot listen. */
export async function listenTcp(address: Address, security: Security, listening: Listening): Promise<void> {
  const { signal, mostConnections, onListening, onLink, onRefused } = listening
  const accept = (socket: Socket) => {
    socket.setNoDelay(true).setKeepAlive(true, keepAliveMs)
    onLink(socketLink(socket), peerOf(socket))
  }
  const server: Server =
    security === 'insecure' ? createPlainServer(accept) : keyedServer(security.key, accept, onRefused)
  server.maxConnections = mostConnections
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, () => {
      const bound = server.address()
      onListening({ host: address.host, port: typeof bound === 'object' && bound !== null ? bound.port : address.port })
    })
    signal.addEventListener('abort', () => server.close(() => resolve()), { once: true })
  })
}

function keyedServer(key: Uint8Array, accept: (socket: Socket) => void, onRefused: Listening['onRefused']): Server {
  const psk = pskOf(key)
  const pskCallback = (_: unknown, name: string) => (name === identity ? psk : null)
  const server = createTlsServer({ ...tlsOptions, handshakeTimeout: handshakeMs, pskCallback }, accept)
  server.on('tlsClientError', (error, socket) => {
    const { code } = error as NodeJS.ErrnoException
    onRefused(
      peerOf(socket),
      code === 'ERR_SSL_BINDER_DOES_NOT_VERIFY' ? 'it has another key' : (code ?? error.message),
    )
  })
  return server
}

/** Not the key itself: other programs use it in other ways. */
function pskOf(key: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), 'zfsync 1 tls psk', 32))
}

function peerOf({ remoteAddress = 'somebody', remotePort = 0 }: Socket): string {
  return formatAddress({ host: remoteAddress, port: remotePort })
}
