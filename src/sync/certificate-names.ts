import type { X509Certificate } from 'node:crypto'
import { Failure } from '../errors.ts'

/** Whom a certificate is for. */
export interface CertificateNames {
  /** Its common name or its first other, without what a terminal would act upon. */
  readonly shown: string
  /** True for its common name and for the DNS names among its others. A wildcard stands for nothing. */
  has(name: string): boolean
}

/** Whoever's certificate has the name may write below the dataset, and nowhere else. */
export interface Allowance {
  readonly name: string
  readonly dataset: string
}

export function namesOf(certificate: X509Certificate | undefined): CertificateNames | undefined {
  if (certificate === undefined) return undefined
  const { subject, subjectAltName } = certificate
  const [, common] = /^CN=(.*)$/m.exec(subject ?? '') ?? []
  return {
    shown: (common ?? subjectAltName ?? 'a certificate without a name').replace(/\p{Cc}+/gu, ' ').slice(0, 100),
    has: (name) => certificate.checkHost(name, { subject: 'always', wildcards: false }) !== undefined,
  }
}

/** Reads `NAME=DATASET`; the dataset is the root or below it. Throws 'usage'. */
export function parseAllowance(text: string, root: string): Allowance {
  const [, name, dataset] = /^([^=]+)=([^=]+)$/.exec(text) ?? []
  if (name === undefined || dataset === undefined) throw new Failure('usage', `'${text}' is not NAME=DATASET`)
  // OpenSSL takes a name that begins with a dot for all names that end so.
  if (name.startsWith('.')) throw new Failure('usage', `'${name}' is no name in a certificate`)
  if (dataset === root || dataset.startsWith(`${root}/`)) return { name, dataset }
  throw new Failure('usage', `${dataset} is not below ${root}, the root of the replica`)
}

/** Where a sender may write: the whole root if nothing is told apart. Throws 'permission' for whom nothing is allowed. */
export function rootFor(
  certificate: CertificateNames | undefined,
  allowances: readonly Allowance[],
  root: string,
): string {
  if (allowances.length === 0) return root
  const allowed = allowances.find(({ name }) => certificate?.has(name))
  if (allowed !== undefined) return allowed.dataset
  throw new Failure('permission', `the receiver allows nothing to ${certificate?.shown ?? 'a sender without a name'}`, {
    hint: 'zfsync-recv --allow NAME=DATASET binds a name in a certificate to a dataset',
  })
}
