import { Failure } from '../errors.ts'

export interface Address {
  /** Undefined: of all interfaces. */
  readonly host: string | undefined
  readonly port: number
}

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
