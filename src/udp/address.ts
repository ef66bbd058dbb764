import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { Failure } from '../errors.ts'

/** Where datagrams come from and go to. */
export interface Address {
  readonly address: string
  readonly port: number
}

export interface HostAndPort {
  /** '' for every address of this machine. */
  readonly host: string
  readonly port: number
}

/** `host:port`, `192.0.2.1:port`, `[2001:db8::1]:port`, `:port`. Throws 'usage'. */
export function parseHostAndPort(text: string): HostAndPort {
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  const host = bracketed ?? plain
  if (host === undefined || digits === '' || port < 1 || port > 65_535) {
    throw new Failure('usage', `'${text}' is no address with a port from 1 to 65535`, {
      hint: 'addresses look like backup.example.com:1337, 192.0.2.1:1337, [2001:db8::1]:1337 or :1337',
    })
  }
  return { host, port }
}

export interface Resolved {
  readonly address: string
  readonly family: 4 | 6
}

/** The first address that the name has. A name without one is a Failure 'unavailable'. */
export async function resolveHost(host: string): Promise<Resolved> {
  const [first] = await resolveAll(host)
  return first as Resolved
}

/** All of them, in the system's order: one at least. */
export async function resolveAll(host: string): Promise<readonly Resolved[]> {
  const known = isIP(host.split('%')[0] ?? '')
  if (known === 4 || known === 6) return [{ address: host, family: known }]
  try {
    const found = await lookup(host, { all: true })
    return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
  } catch (error) {
    throw new Failure('unavailable', `${host}: no such host is known`, { cause: error })
  }
}

// RFC 4291, 2.5.5.2.
const mapped = /^::ffff:(?=\d+\.)/i

/** As a socket of IPv6 has it: one of IPv4 is mapped. */
export function atIpv6({ address, family }: Resolved): string {
  return family === 6 ? address : `::ffff:${address}`
}

export function familyOf({ address }: Address): 4 | 6 {
  return isIP(address.replace(mapped, '')) === 4 ? 4 : 6
}

/** For messages and for cookies: the same for the same address. */
export function formatAddress({ address, port }: Address): string {
  const plain = address.replace(mapped, '')
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`
}
