import type { Socket } from 'node:net'
import { Failure } from '../../errors.ts'
import { HttpConnection, type Patience } from './http-connection.ts'
import { proxyUserHint, wordsOf } from './judge-error.ts'
import { type Destination, hostOf, portOf } from './proxy-choice.ts'
import { type ResponseHead, readHead } from './response-head.ts'

/**
 * Asks a proxy of HTTP for a connection to a server (CONNECT, RFC 9110, 9.3.6), for TLS to go through. Throws 'permission'
 * if the proxy refuses, what broke otherwise: in words that name the proxy.
 */
export async function openTunnel(
  proxy: URL,
  destination: Destination,
  patience: Patience,
  signal?: AbortSignal,
): Promise<Socket> {
  const host = hostOf(destination)
  const authority = `${host.includes(':') ? `[${host}]` : host}:${portOf(destination)}`
  const connection = new HttpConnection({ isTls: false, host: hostOf(proxy), port: proxyPort(proxy) }, patience)
  const abort = () => connection.destroy(signal?.reason as Error)
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const lines = [
      `CONNECT ${authority} HTTP/1.1`,
      `host: ${authority}`,
      ...Object.entries(authorization(proxy)).map(field),
    ]
    connection.write(`${lines.join('\r\n')}\r\n\r\n`)
    const head = await readHead(connection)
    if (head.status >= 300) throw refusal(authority, head)
    if (!connection.isUsable) throw Object.assign(new Error('it spoke before it was asked'), { code: 'HPE_INVALID' })
    return connection.release()
  } catch (error) {
    connection.destroy()
    signal?.throwIfAborted()
    throw named(proxy, error)
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

/** The field that tells a proxy who asks, if its URL has a user. */
export function authorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '') return {}
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` }
}

export function proxyPort({ port }: URL): number {
  return port === '' ? 80 : Number(port)
}

function field([name, value]: readonly [string, string]): string {
  return `${name}: ${value}`
}

function refusal(authority: string, { status, reason }: ResponseHead): Error {
  const said = `status ${status} ${reason}`.trim()
  // It could not reach the server itself.
  if (status >= 500) return Object.assign(new Error(`no way to ${authority}: ${said}`), { code: 'EHOSTUNREACH' })
  if (status === 407)
    return new Failure('permission', `it wants a user and a password: ${said}`, { hint: proxyUserHint })
  return new Failure('permission', `it refuses to connect to ${authority}: ${said}`)
}

function named(proxy: URL, error: unknown): Error {
  const whose = `the proxy ${proxy.host}`
  if (error instanceof Failure) {
    const { kind, message, hint } = error
    return new Failure(kind, `${whose}: ${message}`, hint === undefined ? {} : { hint })
  }
  const { name, code } = error as NodeJS.ErrnoException
  return Object.assign(new Error(`${whose}: ${wordsOf(error)}`, { cause: error }), { name, code })
}
