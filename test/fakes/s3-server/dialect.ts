import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from './s3-error.ts'
import type { Answer, KeptHeaders, S3Request } from './state.ts'

/** What a header asks for may be done, overlooked, or refused as unknown. */
export type Treatment = 'known' | 'ignored' | 'refused'

/** How a server differs from S3. Others' servers differ like this; see the names in `dialects`. */
export interface Dialect {
  /** Checksums other than Content-MD5. */
  readonly checksums: Treatment
  /** If-None-Match. */
  readonly conditions: Treatment
  /** False: ETags say nothing of the bytes, as with encryption. */
  readonly hasMd5Etags: boolean
  /** All parts but the last have to be of one length. */
  readonly wantsEqualParts: boolean
  /** The key may not list the parts of an upload. */
  readonly deniesListParts: boolean
  /** Tags, locks and encryption of an upload of parts are overlooked. */
  readonly overlooksWishes: boolean
  /** The key may set tags and locks, and may not see them. */
  readonly hidesWishes: boolean
  /** The key may not change tags, locks and ACLs of what is there. */
  readonly deniesChanges: boolean
}

export const s3: Dialect = {
  checksums: 'known',
  conditions: 'known',
  hasMd5Etags: true,
  wantsEqualParts: false,
  deniesListParts: false,
  overlooksWishes: false,
  hidesWishes: false,
  deniesChanges: false,
}

/** As radosgw 16. */
export const overlooking: Dialect = { ...s3, overlooksWishes: true }
export const hiding: Dialect = { ...s3, hidesWishes: true }

/** Made to what is documented, or known, of servers of these kinds. */
export const dialects = {
  S3: s3,
  'no conditions (B2)': { ...s3, checksums: 'refused', conditions: 'refused' },
  'conditions ignored (Wasabi)': { ...s3, checksums: 'ignored', conditions: 'ignored' },
  'no checksums (old MinIO)': { ...s3, checksums: 'ignored' },
  'opaque ETags (encrypted)': { ...s3, hasMd5Etags: false },
  'opaque ETags, no checksums': { ...s3, hasMd5Etags: false, checksums: 'ignored' },
  'equal parts (R2)': { ...s3, checksums: 'refused', wantsEqualParts: true },
  'no ListParts': { ...s3, deniesListParts: true },
} satisfies Record<string, Dialect>

export type DialectName = keyof typeof dialects

const isChecksum = /^x-amz-(sdk-checksum-algorithm|checksum-(?!mode)|mp-object-size)/
const isCondition = /^if-none-match$/
const isWish = /^x-amz-(tagging|object-lock|server-side-encryption)/

/** The request as a server of this dialect understands it, or its refusal. */
export function understand(request: S3Request, dialect: Dialect): S3Request {
  if (request.operation === 'ListParts' && dialect.deniesListParts) {
    throw new S3Error(403, 'AccessDenied', 'Access Denied')
  }
  const checked = { ...request, headers: treat(request.headers, isChecksum, dialect.checksums) }
  if (dialect.overlooksWishes && request.operation === 'CreateMultipartUpload') {
    return { ...checked, headers: treat(checked.headers, isWish, 'ignored') }
  }
  const isLook = dialect.hidesWishes && /^GetObject(Retention|Tagging|LegalHold)$/.test(request.operation)
  const isChange = dialect.deniesChanges && /^PutObject./.test(request.operation)
  if (isLook || isChange) {
    throw new S3Error(403, 'AccessDenied', 'Access Denied')
  }
  const isRead = /^(Get|Head)/.test(request.operation)
  return isRead ? checked : { ...checked, headers: treat(checked.headers, isCondition, dialect.conditions) }
}

function treat(headers: IncomingHttpHeaders, which: RegExp, treatment: Treatment): IncomingHttpHeaders {
  if (treatment === 'known') return headers
  const found = Object.keys(headers).filter((name) => which.test(name))
  if (treatment === 'refused' && found.length > 0) {
    throw new S3Error(501, 'NotImplemented', `A header you provided is not implemented: ${found[0]}`)
  }
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !which.test(name)))
}

/** Who knows no checksums does not tell them either; nor what the key may not see. */
export function untold(answer: Answer, { checksums, hidesWishes }: Dialect): Answer {
  if (hidesWishes) return { ...answer, headers: treat(answer.headers ?? {}, isWish, 'ignored') as KeptHeaders }
  if (checksums === 'known') return answer
  const headers = Object.entries(answer.headers ?? {}).filter(([name]) => !name.startsWith('x-amz-checksum-'))
  const body = typeof answer.body === 'string' ? answer.body.replaceAll(/<(Checksum\w+)>[^<]*<\/\1>/g, '') : answer.body
  return { ...answer, headers: Object.fromEntries(headers), ...(body === undefined ? {} : { body }) }
}
