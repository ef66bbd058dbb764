import { createServer as createPlainServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { Failure } from '../errors.ts'
import { onAbort } from '../stream/on-abort.ts'
import { type Address, formatAddress } from './address.ts'
import { type CertificateNames, namesOf } from './certificate-names.ts'
import { Channel, type Link } from './channel.ts'
import { socketLink } from './links.ts'
import { sayNo } from './say-no.ts'
import type { Security } from './security.ts'
import { serverTls } from './tls.ts'

const keepAliveMs = 15_000
// Beyond the connections that are served: room for handshakes, and for those that are told to come later.
const spareConnections = 16

/** Who has connected, and has proven to have the key or a certificate. */
export interface Peer {
  /** For messages: the address, and what the certificate is for. */
  readonly name: string
  /** Undefined without a certificate. */
  readonly certificate: CertificateNames | undefined
}

export interface Listening {
  /** When it aborts, no more connections are taken. */
  readonly signal: AbortSignal
  readonly mostConnections: number
  onListening(address: Address): void
  /** What it throws is told to the peer, and ends the connection. */
  onLink(link: Link, peer: Peer): void
  onRefused(peer: string, reason: string): void
}

/** Takes connections until the signal aborts and the last has ended. Rejects if it cannot listen. */
export async function listenTcp(at: Address | { fd: number }, security: Security, listening: Listening): Promise<void> {
  const { signal, mostConnections, onListening, onRefused } = listening
  const accept = acceptor(security, listening)
  const server: Server =
    security.kind === 'insecure' ? createPlainServer(accept) : createTlsServer(serverTls(security), accept)
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const { code } = error
    onRefused(
      peerOf(socket),
      code === 'ERR_SSL_BINDER_DOES_NOT_VERIFY' ? 'it has another key' : (code ?? error.message),
    )
  })
  server.maxConnections = mostConnections + spareConnections
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen('fd' in at ? at : { host: at.host, port: at.port }, () => {
      // What fails from here on is one connection's, as when there are too many open files.
      server.off('error', reject).on('error', ({ message }) => onRefused('a connection', message))
      const bound = server.address()
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0
      onListening({ host: 'fd' in at ? undefined : at.host, port })
      onAbort(signal, () => server.close(() => resolve()))
    })
  })
}

function acceptor(security: Security, { mostConnections, onLink, onRefused }: Listening): (socket: Socket) => void {
  let open = 0
  return (socket) => {
    socket.setNoDelay(true).setKeepAlive(true, keepAliveMs)
    // Whoever reads or writes hears of it.
    socket.on('error', () => {})
    open++
    socket.once('close', () => open--)
    const peer = identified(socket)
    const link = socketLink(socket)
    try {
      refuseUntrusted(socket, security)
      if (open > mostConnections) throw tooMany(mostConnections)
      onLink(link, peer)
    } catch (error) {
      onRefused(peer.name, error instanceof Error ? error.message : String(error))
      // It may be gone.
      void refuse(link, error).catch(() => {})
    }
  }
}

function identified(socket: Socket): Peer {
  const certificate = socket instanceof TLSSocket ? namesOf(socket.getPeerX509Certificate()) : undefined
  const called = certificate === undefined ? '' : ` (${certificate.shown})`
  return { name: peerOf(socket) + called, certificate }
}

function refuseUntrusted(socket: Socket, security: Security): void {
  if (security.kind !== 'certificate' || (socket instanceof TLSSocket && socket.authorized)) return
  const { authorizationError } = socket as TLSSocket
  throw new Failure(
    'permission',
    `the receiver does not trust our certificate: ${authorizationError ?? 'there is none'}`,
  )
}

function tooMany(most: number): Failure {
  return new Failure('retry', `the receiver has ${most} connections already, its most`, {
    hint: 'run the same command again later; zfsync-recv --max-connections allows more',
  })
}

async function refuse(link: Link, reason: unknown): Promise<void> {
  const channel = new Channel(link)
  try {
    await sayNo(channel, reason)
    await channel.finish()
  } finally {
    await channel.close()
  }
}

function peerOf({ remoteAddress = 'somebody', remotePort = 0 }: Socket): string {
  return formatAddress({ host: remoteAddress, port: remotePort })
}
