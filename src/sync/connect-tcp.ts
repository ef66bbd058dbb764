import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Failure } from '../errors.ts'
import { type Address, formatAddress } from './address.ts'
import type { Link } from './channel.ts'
import { socketLink } from './links.ts'
import type { Security } from './security.ts'
import { clientTls } from './tls.ts'

const connectMs = 20_000
// Of a peer that has vanished without a word, as when a link is cut.
const keepAliveMs = 15_000

/** Connects, and each end proves itself. A key or certificate that is not taken is a Failure 'permission'. */
export async function connectTcp(address: Address, security: Security, signal: AbortSignal): Promise<Link> {
  const host = address.host ?? 'localhost'
  const socket = connectPlain({ host, port: address.port, signal })
  socket.setNoDelay(true).setKeepAlive(true, keepAliveMs)
  await settled(socket, 'connect', address, security)
  if (security.kind === 'insecure') return socketLink(socket)
  const secured = connectTls({ ...clientTls(security, host), socket })
  await settled(secured, 'secureConnect', address, security)
  return socketLink(secured)
}

async function settled(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  address: Address,
  { kind }: Security,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Failure('retry', `${formatAddress(address)} does not answer`)), connectMs)
      socket.once(event, () => resolve())
      socket.once('error', (error) => reject(explained(error, address, kind)))
      socket.once('close', () => reject(closedEarly(address)))
    })
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function explained(error: NodeJS.ErrnoException, address: Address, kind: Security['kind']): unknown {
  const { code = '' } = error
  if (code === 'ECONNRESET') return closedEarly(address, error)
  const isAboutCertificate = code === 'ERR_TLS_CERT_ALTNAME_INVALID' || /CERT|SIGNATURE|ISSUER|CA_/.test(code)
  if (code.startsWith('ERR_SSL') || (isAboutCertificate && kind === 'key')) {
    return new Failure('permission', `${formatAddress(address)} does not take our key`, {
      hint: 'both ends need the same key file, or certificates; is it a zfsync-recv at all, and without --insecure?',
      cause: error,
    })
  }
  if (!isAboutCertificate) return error
  return new Failure(
    'permission',
    `${formatAddress(address)}: its certificate is not to be trusted: ${error.message}`,
    {
      hint: '--tls-ca must have signed it, for the host name or address that --connect names',
      cause: error,
    },
  )
}

/** It may be busy or starting; or it is no zfsync-recv. */
function closedEarly(address: Address, cause?: unknown): Failure {
  return new Failure('retry', `${formatAddress(address)} closed the connection before it was secured`, {
    hint: 'try again; if that does not help: is it a zfsync-recv, and without --insecure?',
    cause,
  })
}
