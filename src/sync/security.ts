import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { Failure } from '../errors.ts'
import { readKeyFile } from '../stream/key-file.ts'

/** How both ends of a connection prove who they are. */
export type Security =
  /** They have the same key. */
  | { readonly kind: 'key'; readonly key: Uint8Array }
  /** Each has a certificate that the other's authority has signed. In PEM. */
  | { readonly kind: 'certificate'; readonly cert: string; readonly key: string; readonly ca: string }
  /** They do not: everybody may read, send and receive. */
  | { readonly kind: 'insecure' }

export interface SecurityFiles {
  readonly key: string | undefined
  readonly 'tls-cert': string | undefined
  readonly 'tls-key': string | undefined
  readonly 'tls-ca': string | undefined
  readonly insecure: boolean
}

/**
 * Cleartext is only for who asks for it by name. Throws 'usage' for none or more than one of the ways, 'permission' for a
 * secret that others may read, 'configuration' for files that hold something else.
 */
export async function readSecurity(files: SecurityFiles): Promise<Security> {
  const { key, insecure } = files
  const hasCertificate = [files['tls-cert'], files['tls-key'], files['tls-ca']].some((file) => file !== undefined)
  if ([key !== undefined, insecure, hasCertificate].filter(Boolean).length > 1) {
    throw new Failure('usage', '--key, --insecure and certificates (--tls-cert) exclude each other')
  }
  if (hasCertificate) return readCertificate(files)
  if (key !== undefined) return { kind: 'key', key: await readKeyFile(key) }
  if (insecure) return { kind: 'insecure' }
  throw new Failure('usage', 'over TCP both ends need the same key: --key FILE', {
    hint: 'zfsync-recv --new-key FILE makes one, to be copied to the other end; or certificates; --insecure goes without',
  })
}

async function readCertificate(files: SecurityFiles): Promise<Security> {
  const { 'tls-cert': certFile, 'tls-key': keyFile, 'tls-ca': caFile } = files
  if (certFile === undefined || keyFile === undefined || caFile === undefined) {
    throw new Failure('usage', 'a certificate needs all of --tls-cert, --tls-key and --tls-ca')
  }
  const { mode } = await stat(keyFile)
  if ((mode & 0o007) !== 0) {
    throw new Failure('permission', `${keyFile}: everybody here may read this private key`, {
      hint: `chmod o= ${keyFile}`,
    })
  }
  const [cert, key, ca] = await Promise.all([certFile, keyFile, caFile].map((file) => readFile(file, 'utf8')))
  const security = { kind: 'certificate', cert: cert ?? '', key: key ?? '', ca: ca ?? '' } as const
  refuseUnusable(security, [certFile, keyFile, caFile].join(', '), certFile)
  return security
}

function refuseUnusable(pem: { cert: string; key: string; ca: string }, files: string, certFile: string): void {
  let certificate: X509Certificate
  try {
    createSecureContext(pem)
    certificate = new X509Certificate(pem.cert)
    for (const each of pem.ca.split(/(?<=-----END CERTIFICATE-----)/).filter((part) => part.trim() !== '')) {
      new X509Certificate(each)
    }
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause)
    throw new Failure('configuration', `${files}: no certificate, key and authority that fit: ${words}`, { cause })
  }
  if (Date.parse(certificate.validTo) < Date.now()) {
    throw new Failure('configuration', `${certFile}: the certificate has ended on ${certificate.validTo}`)
  }
}
