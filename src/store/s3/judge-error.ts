import { Failure, type FailureKind } from '../../errors.ts'

/** Why a request may succeed when it is made again. */
export type TryAgain = 'throttled' | 'server' | 'connection' | 'damaged' | 'clock' | 'expired'

export interface Again {
  readonly again: TryAgain
  /** What to throw when it was tried often enough. */
  readonly atLast: Error
}

/** What the SDK throws: an answer of the server has a status, else the request did not get that far. */
export interface ServiceError extends Error {
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean }
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> }
}

export function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = (error ?? {}) as ServiceError
  return $metadata?.httpStatusCode ?? $response?.statusCode
}

/** True if the request may have been carried out although it failed. */
export function isAmbiguous(error: unknown): boolean {
  const status = statusOf(error)
  return !(error instanceof Failure) && (status === undefined || status < 400 || status >= 500)
}

const throttling = /^(SlowDown|Throttl|TooManyRequests|RequestLimitExceeded|BandwidthLimitExceeded)/
const damagedOnTheWay = /^(BadDigest|IncompleteBody|InvalidDigest|XAmzContent(Checksum|SHA256)Mismatch)/
const isExpired = /^(ExpiredToken|TokenRefreshRequired|RequestExpired)/
const brokenConnection =
  /^(ECONN|EPIPE|EPROTO|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EAI_AGAIN|ENOTFOUND|ERR_SSL|ERR_STREAM_PREMATURE|HPE_|UND_ERR)/

/**
 * Whether a failed request can be made again, or what its failure means. `what` names the request and its object. A server
 * that `hasServed` requests before is the right one, wherever it points now.
 */
export function judgeError(error: unknown, what: string, hasServed = false): Again | Error {
  if (error instanceof Failure) return error
  if (!(error instanceof Error)) return new Error(String(error))
  const again = mayTryAgain(error, hasServed)
  if (again === undefined) return failureOf(error, what)
  return { again, atLast: failureOf(error, what) }
}

function mayTryAgain(error: ServiceError, hasServed: boolean): TryAgain | undefined {
  const status = statusOf(error)
  if (isForTheClock(error)) return 'clock'
  if (mayBeExpired(error)) return 'expired'
  if (damagedOnTheWay.test(error.name)) return 'damaged'
  if (status === 429 || status === 503 || throttling.test(error.name)) return 'throttled'
  if (/^(RequestTimeout|OperationAborted|ConditionalRequestConflict|InternalError)$/.test(error.name)) return 'server'
  if (status !== undefined && mayPass(status, hasServed)) return 'server'
  return status === undefined && isBrokenConnection(error) ? 'connection' : undefined
}

/** The answer to a HEAD has no body: 400 may be anything, an expired token above all. */
export function mayBeExpired(error: ServiceError): boolean {
  return isExpired.test(error.name) || (statusOf(error) === 400 && isNameless(error))
}

/** What is moved for good (301, 302, 308) stays so, but a page that tells of maintenance goes. */
function mayPass(status: number, hasServed: boolean): boolean {
  const isMoved = status === 307 || (hasServed && [301, 302, 303, 308].includes(status))
  return (status >= 500 && status !== 501) || status < 300 || isMoved
}

/** The SDK sets its clock by every answer, and says so with every failure: only a refusal can be for the clock. */
function isForTheClock(error: ServiceError): boolean {
  const isRefused = [400, 401, 403].includes(statusOf(error) ?? 0)
  return error.name === 'RequestTimeTooSkewed' || (isRefused && error.$metadata?.clockSkewCorrected === true)
}

/** True for an answer without a body that could name its reason. */
export function isNameless({ name }: Error): boolean {
  return /^(\d{3}|BadRequest|Forbidden|Unknown|UnknownError)$/.test(name)
}

// The last three: who listens speaks no TLS, or no HTTP.
const noConnection = /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EAI_AGAIN|ENOTFOUND|EPROTO|ERR_SSL_\w+|HPE_\w+)$/

/** True if no connection to a server came about: the name, the port or the way there may be wrong as well. */
export function isUnreached(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isUnreached)
  const { name, message = '', code = '' } = (error ?? {}) as Partial<ServiceError>
  return (
    noConnection.test(code) ||
    (name === 'TimeoutError' && /did not establish a connection|\bno connection to/.test(message))
  )
}

function isBrokenConnection(error: ServiceError): boolean {
  if (error.name === 'TimeoutError' || brokenConnection.test(error.code ?? '')) return true
  if (error instanceof AggregateError) return error.errors.every((one: Error) => isBrokenConnection(one))
  return /socket hang up|aborted|premature/i.test(error.message)
}

const kinds: Readonly<Record<number, FailureKind>> = {
  301: 'configuration',
  302: 'configuration',
  308: 'configuration',
  401: 'permission',
  403: 'permission',
  404: 'unavailable',
  407: 'permission',
  409: 'exists',
  410: 'unavailable',
  412: 'exists',
  501: 'unavailable',
}

function failureOf(error: ServiceError, what: string): Error {
  const status = statusOf(error)
  if (status === undefined) return failureBeforeTheServer(error, what)
  if (wantsEqualParts(error)) {
    const hint = 'this store wants parts of one size: give --part-size or --estimated'
    return new Failure('configuration', `${what}: ${wordsOf(error)}`, { hint, cause: error })
  }
  return new Failure(kindOf(error.name, status), `${what}: ${wordsOf(error)}`, withHint(error, status))
}

/** Cloudflare R2, when it is to put parts together that grew. */
function wantsEqualParts({ name, message }: ServiceError): boolean {
  return /^(InvalidPart|InvalidRequest)$/.test(name) && /\bparts? must have the same (length|size)/i.test(message)
}

function kindOf(name: string, status: number): FailureKind {
  if (damagedOnTheWay.test(name)) return 'data'
  // Parts were replaced by another program, or their ETags came over wrong, or somebody has ended the upload: another try
  // is another upload.
  if (/^(InvalidPart|NoSuchUpload)/.test(name)) return 'retry'
  return isExpired.test(name) || name === 'RequestTimeTooSkewed' ? 'permission' : (kinds[status] ?? 'protocol')
}

/** An answer that makes no sense, as if the server had said that it failed. */
export function serverError(message: string): Error {
  return Object.assign(new Error(message), { name: 'UnknownError', $metadata: { httpStatusCode: 500 } })
}

/** A server that stored other bytes than were sent, as if it had said so itself. */
export function badDigest(message: string): Error {
  return Object.assign(new Error(message), { name: 'BadDigest', $metadata: { httpStatusCode: 400 } })
}

/** What a failed request says of itself; the answer to a HEAD has no body, and says no more than its status. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { name, message, code } = error as ServiceError
  const [, openssl] = /:SSL routines:[^:]*:([^:]+)/.exec(message) ?? []
  if (openssl !== undefined) return `TLS: ${openssl}`
  const words = [name, message].filter((word) => !/^(|Error|AggregateError|UnknownError|Unknown)$/.test(word))
  const said = words.length === 2 && message.includes(name) ? message : words.join(': ')
  return said.replace(/\.$/, '') || code || `answered with status ${statusOf(error)}`
}

function withHint(error: ServiceError, status: number) {
  const hint = hints[error.name] ?? hintOf(error, status)
  return { cause: error, ...(hint === undefined ? {} : { hint }) }
}

/** To a proxy that wants to know who asks. */
export const proxyUserHint = "write a user into the proxy's URL: http://user:password@host:port"

function hintOf({ $response }: ServiceError, status: number): string | undefined {
  if (status === 403) return 'check the key, its policy and the name of the bucket'
  if (status === 407) return proxyUserHint
  if (kinds[status] !== 'configuration') return undefined
  const region = $response?.headers?.['x-amz-bucket-region']
  return region === undefined
    ? 'the endpoint leads elsewhere: check its name'
    : `the bucket is in the region ${region}: give the endpoint of that region, or none`
}

const hints: Readonly<Record<string, string>> = {
  RequestTimeTooSkewed: 'this clock and that of the server differ by more than 15 minutes',
  SignatureDoesNotMatch: 'the secret key does not belong to the access key',
  InvalidAccessKeyId: 'the server does not know the access key',
  ExpiredToken: 'the session token has expired: log in again',
  NoSuchBucket: 'create the bucket first',
  NoSuchUpload: 'another program, or a rule of the bucket, has ended the upload: run the same command again',
  InvalidStorageClass: 'this store has other storage classes, or none',
}

function failureBeforeTheServer(error: ServiceError, what: string): Error {
  if (/^(CredentialsProviderError|TokenProviderError|CredentialsError)$/.test(error.name)) {
    // Of a profile that gives none the SDK says no more, and looks elsewhere.
    const hint =
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile; 'aws sts get-caller-identity' tests one"
    return new Failure('permission', `${what}: no credentials`, { hint, cause: error })
  }
  if (/region is missing/i.test(error.message)) {
    return new Failure('configuration', `${what}: no region`, { hint: 'set AWS_REGION or --region', cause: error })
  }
  if (isBrokenConnection(error)) return new Failure('retry', `${what}: ${wordsOf(error)}`, { cause: error })
  if (/^(CERT_|DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_|ERR_TLS_)/.test(error.code ?? '')) {
    return new Failure('permission', `${what}: the server's certificate: ${error.message}`, { cause: error })
  }
  return error
}
