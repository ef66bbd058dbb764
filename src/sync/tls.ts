import { hkdfSync } from 'node:crypto'
import { isIP } from 'node:net'
import type { ConnectionOptions, TlsOptions } from 'node:tls'
import type { Security } from './security.ts'

export type Secured = Exclude<Security, { kind: 'insecure' }>

const identity = 'zfsync 1'
const handshakeMs = 10_000

// TLS 1.3 with X25519: who records it today cannot read it with the key of tomorrow.
const common = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const

/** For the end that connects to `host`. A certificate there must be that host's. */
export function clientTls(security: Secured, host: string): ConnectionOptions {
  if (security.kind === 'certificate') {
    const { cert, key, ca } = security
    return { ...common, cert, key, ca, host, ...(isIP(host) === 0 ? { servername: host } : {}) }
  }
  const psk = pskOf(security.key)
  // No authority: else a certificate, as any web site has one, would do in place of the key.
  return { ...common, ca: [], pskCallback: () => ({ psk, identity }), checkServerIdentity: () => undefined }
}

/** For the end that listens. A certificate is asked for; whoever accepts the connection has to look at `authorized`. */
export function serverTls(security: Secured): TlsOptions {
  if (security.kind === 'certificate') {
    const { cert, key, ca } = security
    const asking = { requestCert: true, rejectUnauthorized: false }
    return { ...common, handshakeTimeout: handshakeMs, cert, key, ca, ...asking }
  }
  const psk = pskOf(security.key)
  return {
    ...common,
    handshakeTimeout: handshakeMs,
    pskCallback: (_: unknown, name: string) => (name === identity ? psk : null),
  }
}

/** Not the key itself: other programs use it in other ways. */
function pskOf(key: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), 'zfsync 1 tls psk', 32))
}
