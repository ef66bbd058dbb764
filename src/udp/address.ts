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

/** The first address that the name has. A name without one is a Failure 'unavailable'. */
export async function resolveHost(host: string): Promise<{ address: string; family: 4 | 6 }> {
  const known = isIP(host.split('%')[0] ?? '')
  if (known === 4 || known === 6) return { address: host, family: known }
  try {
    const { address, family } = await lookup(host)
    return { address, family: family === 6 ? 6 : 4 }
  } catch (error) {
    throw new Failure('unavailable', `${host}: no such host is known`, { cause: error })
  }
}

/** For messages and for cookies: the same for the same address. */
export function formatAddress({ address, port }: Address): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
