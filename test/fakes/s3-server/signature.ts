import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from './s3-error.ts'

export interface Credentials {
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
}

export interface SignedRequest {
  readonly method: string
  /** As they stood in the request line, encoded. */
  readonly path: string
  readonly search: string
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

const allowedSkewMs = 15 * 60 * 1000

/** Checks a request as "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)" has it. */
export function checkSignature(request: SignedRequest, credentials: Credentials, now: number): void {
  const { headers } = request
  const signed = parseAuthorization(headers.authorization)
  const [accessKey, date, region, service, end] = signed.scope
  if (accessKey !== credentials.accessKey) throw new S3Error(403, 'InvalidAccessKeyId', 'No such access key.')
  if (region !== credentials.region || service !== 's3' || end !== 'aws4_request') {
    throw new S3Error(400, 'AuthorizationHeaderMalformed', `The region '${region}' is wrong: '${credentials.region}'.`)
  }
  const time = headerText(headers, 'x-amz-date')
  checkTime(time, date, now)
  checkSignedHeaders(headers, signed.names)
  const scope = [date, region, service, end].join('/')
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonicalRequest(request, signed.names))].join('\n')
  const key = [date, region, service, end].reduce<Buffer>(
    (key, word) => hmac(key, word!),
    Buffer.from(`AWS4${credentials.secretKey}`),
  )
  if (!isEqual(hmac(key, text).toString('hex'), signed.signature)) {
    throw new S3Error(403, 'SignatureDoesNotMatch', 'The signature we calculated does not match the one you provided.')
  }
  checkPayload(headerText(headers, 'x-amz-content-sha256'), request.body)
}

function parseAuthorization(header: string | undefined) {
  if (header === undefined) throw new S3Error(403, 'AccessDenied', 'Access Denied')
  const match = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(header)
  const [, credential = '', names = '', signature = ''] = match ?? []
  const scope = /^(.+)\/(\d{8})\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(credential)?.slice(1) ?? []
  if (scope.length !== 5) throw new S3Error(400, 'AuthorizationHeaderMalformed', 'The authorization is malformed.')
  return { scope: scope as [string, string, string, string, string], names: names.split(';'), signature }
}

function checkTime(time: string, date: string, now: number): void {
  const iso = time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')
  const skew = Math.abs(Date.parse(iso) - now)
  if (!time.startsWith(date) || Number.isNaN(skew)) throw new S3Error(403, 'AccessDenied', 'X-Amz-Date is no date.')
  if (skew > allowedSkewMs) {
    throw new S3Error(403, 'RequestTimeTooSkewed', 'The difference between the request time and our time is too large.')
  }
}

function checkSignedHeaders(headers: IncomingHttpHeaders, names: readonly string[]): void {
  const mustBe = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'))
  const unsigned = mustBe.filter((name) => !names.includes(name))
  if (unsigned.length > 0) throw new S3Error(403, 'AccessDenied', `There were headers not signed: ${unsigned.join()}`)
}

function canonicalRequest({ method, path, search, headers }: SignedRequest, names: readonly string[]): string {
  const lines = names.map((name) => `${name}:${headerText(headers, name).trim().replaceAll(/ +/g, ' ')}\n`)
  const hash = headerText(headers, 'x-amz-content-sha256')
  return [method, path, canonicalQuery(search), lines.join(''), names.join(';'), hash].join('\n')
}

function canonicalQuery(search: string): string {
  const pairs = search.split('&').filter((pair) => pair !== '')
  const whole = pairs.map((pair) => pair.split(/=(.*)/s) as [name: string, value?: string])
  const sorted = whole.toSorted(([a, x = ''], [b, y = '']) => (a === b ? order(x, y) : order(a, b)))
  return sorted.map(([name, value = '']) => `${name}=${value}`).join('&')
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

function checkPayload(hash: string, body: Uint8Array): void {
  if (hash === 'UNSIGNED-PAYLOAD') return
  if (hash.startsWith('STREAMING-')) {
    throw new S3Error(501, 'NotImplemented', 'A body in aws-chunked pieces, with trailers perhaps, is not implemented.')
  }
  if (hash !== createHash('sha256').update(body).digest('hex')) {
    throw new S3Error(400, 'XAmzContentSHA256Mismatch', 'x-amz-content-sha256 does not match what was computed.')
  }
}

function headerText(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name]
  return Array.isArray(value) ? value.join(',') : (value ?? '')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function isEqual(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}
