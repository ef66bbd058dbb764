import { BlockList, isIP } from 'node:net'

/** Proxies of HTTP, and what is reached without one. */
export interface Proxies {
  /** For endpoints of http:, and of https:. */
  readonly http?: URL | undefined
  readonly https?: URL | undefined
  /** As NO_PROXY has it: hosts, domains, addresses and networks, between commas, each perhaps with a port; `*` is all. */
  readonly except?: string | undefined
}

export interface Destination {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number | undefined
}

// A proxy elsewhere would look for them at itself.
const ownNames = ['localhost', '127.0.0.1', '::1']
const standardPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

export function portOf({ protocol, port }: Destination): number {
  return port ?? standardPorts[protocol] ?? 443
}

/** IPv6 addresses without brackets. */
export function hostOf({ hostname }: Pick<Destination, 'hostname'>): string {
  return hostname.replace(/^\[|\]$/g, '').toLowerCase()
}

/** The proxy that a request goes through, if there is one. */
export function proxyFor(destination: Destination, { http, https, except = '' }: Proxies): URL | undefined {
  const host = hostOf(destination)
  const isExcepted = except.split(/[\s,]+/).some((entry) => matches(entry.toLowerCase(), host, portOf(destination)))
  if (isExcepted || ownNames.includes(host)) return undefined
  return destination.protocol === 'http:' ? http : https
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true
  const [, bracketed, plain = '', entryPort] = /^(?:\[(.+)\]|(.*?))(?::(\d+))?$/.exec(entry) ?? []
  if (isIP(entry) === 0 && entryPort !== undefined && Number(entryPort) !== port) return false
  const name = isIP(entry) === 0 ? (bracketed ?? plain) : entry
  if (isIP(host) !== 0) return holds(name, host)
  const domain = name.replace(/^\*?\./, '')
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`))
}

/** Whether an address, or a network such as 10.0.0.0/8, holds another address. */
function holds(range: string, host: string): boolean {
  const [address = '', prefix] = range.split('/')
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(address) === 0 || isIP(address) !== isIP(host)) return false
  const bits = family === 'ipv6' ? 128 : 32
  const length = Number(prefix ?? bits)
  if (!Number.isInteger(length) || length < 0 || length > bits) return false
  const list = new BlockList()
  list.addSubnet(address, length, family)
  return list.check(host, family)
}
