import { Agent as HttpAgent } from 'node:http'
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { Failure } from '../../errors.ts'
import { DownloadHandler, type DownloadRequest } from './download-handler.ts'
import { RepeatedRequest } from './repeated-request.ts'
import type { S3StoreOptions } from './s3-options.ts'
import { S3Client } from './sdk.ts'
import { WayOut, WayOutAgent } from './way-out.ts'

/*
 * What is said to the SDK, and why:
 *
 *   maxAttempts 1            retry.ts tries again: by kind of failure, and for an hour
 *   checksums WHEN_REQUIRED  we send the checksums of parts as headers, at 7 GB/s; the SDK computes its own at 0.1, and
 *                            its trailers are refused by other stores, or kept as data
 *   UNSIGNED-PAYLOAD         for parts, over plain HTTP too: the signer's SHA-256 of the body costs half of an upload's
 *                            CPU, and the body's checksum is a header, and every header is signed
 *   no Expect: 100-continue  it costs a round trip for each part, and reuses no connection
 */

const connectMs = 10_000
const idleMs = 60_000
// Nothing is heard while a server puts 10,000 parts together: a quarter of an hour, unless told otherwise.
const patienceFactor = 15
// What was sent may wait for minutes in the buffers of a slow link. Five times: a server that hangs is noticed still.
const slowness = 5
// More than are used at once: a connection that hangs must not hold up the others.
const maxSockets = 256
// Where a bucket of no known region is looked for first; AWS answers with the right one.
export const fallbackRegion = 'us-east-1'

// No info: the SDK would describe each request for it.
const silence = { debug() {}, warn() {}, error() {} } as unknown as Required<S3ClientConfig>['logger']

export interface Clients {
  readonly usual: S3Client
  /** The same where a connection was silent once: a slow link is silent for long, and lives. */
  readonly slow: S3Client
  /** For requests that may take minutes to be answered. */
  readonly patient: S3Client
  /** For bodies that are filled into memory. */
  readonly download: S3Client
  /** For more of what `download` was asked for. */
  readonly repeated: RepeatedRequest
}

export function createClients(options: S3StoreOptions, region?: string): Clients {
  const config = configOf(options, region)
  const httpAgent = new HttpAgent({ keepAlive: true, maxSockets })
  const usualMs = options.idleMs ?? idleMs
  const patience = { connectMs, idleMs: usualMs }
  const wayOut = new WayOut(options, patience)
  const httpsAgent = new WayOutAgent({ keepAlive: true, maxSockets }, wayOut)
  const handler = (socketTimeout: number) => ({
    httpAgent,
    httpsAgent,
    connectionTimeout: connectMs,
    socketTimeout,
    logger: silence,
  })
  const create = (own: S3ClientConfig, requestHandler: NonNullable<S3ClientConfig['requestHandler']>) =>
    prepare(new S3Client({ ...own, requestHandler }), options)
  const usual = madeOnce(() => forwarded(create(config, handler(usualMs)), wayOut))
  // To find them, the SDK may ask servers of other kinds, by the request handler of the client that they are for: not every
  // one can, and once is enough.
  const ofUsual: S3ClientConfig = { ...config, credentials: (wishes) => usual().config.credentials(wishes) }
  const slow = madeOnce(() => forwarded(create(ofUsual, handler(usualMs * slowness)), wayOut))
  const patientMs = options.patientMs ?? usualMs * patienceFactor
  const patient = madeOnce(() => forwarded(create(ofUsual, handler(patientMs)), wayOut))
  const downloading = madeOnce(() => {
    const downloadHandler = new DownloadHandler(patience, wayOut)
    const download = create(ofUsual, downloadHandler as never)
    return { download, repeated: new RepeatedRequest(download, downloadHandler) }
  })
  return {
    get usual() {
      return usual()
    },
    get slow() {
      return slow()
    },
    get patient() {
      return patient()
    },
    get download() {
      return downloading().download
    },
    get repeated() {
      return downloading().repeated
    },
  }
}

/** Each takes some milliseconds, and few programs use them all. */
function madeOnce<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

function configOf(options: S3StoreOptions, region: string | undefined): S3ClientConfig {
  const endpoint = options.endpoint === undefined ? undefined : endpointUrl(options.endpoint)
  const wishes = defined({
    profile: options.profile,
    credentials: options.credentials,
    endpoint,
    region: region ?? options.region ?? (endpoint === undefined ? undefined : fallbackRegion),
    forcePathStyle: options.pathStyle ?? (endpoint === undefined ? undefined : true),
  })
  const anonymous = { signer: { sign: async <T>(request: T) => request }, credentials: nobody }
  return {
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    logger: silence,
    ...wishes,
    ...(options.noSignRequest ? anonymous : {}),
  }
}

const nobody = { accessKeyId: 'nobody', secretAccessKey: 'nobody' }

/** z3's HOST is a bare host name, the SDK wants a URL. */
export function endpointUrl(endpoint: string): string {
  const url = endpoint.includes('://') ? endpoint : `https://${endpoint}`
  if (URL.canParse(url) && /^https?:/i.test(url)) return url
  throw new Failure('usage', `${endpoint}: not an endpoint`, { hint: 'a host name, or a URL such as https://s3.host' })
}

function defined<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}

function prepare(client: S3Client, options: S3StoreOptions): S3Client {
  followEndpoint(client.config, options)
  const always = { ...options.headers, ...(options.requestPayer ? { 'x-amz-request-payer': 'requester' } : {}) }
  client.middlewareStack.add(
    (next, context) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> }
      Object.assign(headers, always)
      if (isPart(context['commandName'])) headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'
      return next(args)
    },
    { step: 'build', name: 'zpipesHeaders' },
  )
  return client
}

/** Asked for each request, when the SDK has looked for an endpoint in its own files: path style with any but AWS. */
function followEndpoint(config: S3Client['config'], { pathStyle }: S3StoreOptions): void {
  const isCustom = async () => config.isCustomEndpoint
  if (pathStyle === undefined) Object.assign(config, { forcePathStyle: isCustom })
}

/** What was signed is sent by way of a proxy. The download handler does this by itself. */
function forwarded(client: S3Client, wayOut: WayOut): S3Client {
  client.middlewareStack.add(
    (next) => (args) => next({ ...args, request: wayOut.forward(args.request as DownloadRequest) }),
    { step: 'deserialize', name: 'zpipesForward', priority: 'low' },
  )
  return client
}

function isPart(commandName: unknown): boolean {
  return commandName === 'UploadPartCommand' || commandName === 'PutObjectCommand'
}
