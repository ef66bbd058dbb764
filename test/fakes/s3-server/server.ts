import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { S3Server } from '../../s3-hosts/servers.ts'
import { md5Of } from './checksums.ts'
import { type Dialect, s3, understand, untold } from './dialect.ts'
import { handlers } from './handlers.ts'
import { operationOf, parseTarget } from './operation.ts'
import { S3Error } from './s3-error.ts'
import { checkSignature } from './signature.ts'
import { type Answer, Bucket, type Limits, type S3Request } from './state.ts'
import { xml } from './xml.ts'

export interface StandInOptions extends Partial<Pick<Limits, 'maxParts' | 'minPartBytes'>> {
  readonly dialect?: Dialect
  /** How far this server's clock is ahead. */
  readonly clockAheadMs?: number
}

/** What came in, and how it was answered. */
export interface Handled extends S3Request {
  readonly status: number
  /** The code of the refusal. */
  readonly code: string | undefined
}

/** An S3 server in this process, made to the API reference, for what no server that runs here does. */
export interface StandIn extends S3Server {
  readonly handled: readonly Handled[]
  bucket(name: string): Bucket
  stop(): Promise<void>
}

const credentials = { accessKey: 'AKIAIOSFODNN7EXAMPLE', secretKey: 'not-so-secret-in-a-test', region: 'us-east-1' }

/** Its limits are S3's unless others are given: 10,000 parts, of 5 MiB or more each but the last. */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const { maxParts = 10_000, minPartBytes = 5 * 1024 * 1024, dialect = s3 } = options
  const { wantsEqualParts } = dialect
  const limits: Limits = { maxParts, minPartBytes, wantsEqualParts, etagOf: dialect.hasMd5Etags ? md5Etag : opaqueEtag }
  const buckets = new Map<string, Bucket>()
  const handled: Handled[] = []
  const now = () => Date.now() + (options.clockAheadMs ?? 0)

  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    // A client that goes away in the middle of its body has asked for nothing.
    buffer(incoming).then(
      (body) => answer(incoming, body, outgoing),
      () => outgoing.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  function answer(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): void {
    outgoing.sendDate = false
    outgoing.setHeader('date', new Date(now()).toUTCString())
    const [request, reply, code] = handle(incoming, body)
    if (request !== undefined) handled.push({ ...request, status: reply.status, code })
    send(incoming, outgoing, reply)
  }

  function handle(incoming: IncomingMessage, body: Buffer): [S3Request | undefined, Answer, string | undefined] {
    const { method = '', url = '', headers } = incoming
    const { path, search, bucket, key, query } = parseTarget(url, headers.host)
    const operation = operationOf(method, url, headers.host)
    const request = operation && { operation, bucket, key, query, headers, body }
    try {
      checkSignature({ method, path, search, headers, body }, credentials, now())
      if (request === undefined) throw new S3Error(501, 'NotImplemented', `${method} ${url} is not implemented`)
      return [request, untold(perform(understand(request, dialect)), dialect), undefined]
    } catch (error) {
      if (!(error instanceof S3Error)) throw error
      return [request, refusal(error, url), error.code]
    }
  }

  function perform(request: S3Request): Answer {
    // As in us-east-1: its owner may make a bucket again, and it keeps what it holds.
    if (request.operation === 'CreateBucket' && !buckets.has(request.bucket)) buckets.set(request.bucket, new Bucket())
    const bucket = buckets.get(request.bucket)
    if (bucket === undefined) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist')
    return handlers[request.operation](request, bucket, limits)
  }

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...credentials,
    handled,
    bucket(name) {
      const bucket = buckets.get(name)
      if (bucket === undefined) throw new Error(`there is no bucket ${name}`)
      return bucket
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function md5Etag(bytes: Uint8Array): string {
  return `"${md5Of(bytes).toString('hex')}"`
}

/** Made of the bytes, since no two shall have the same. */
function opaqueEtag(bytes: Uint8Array): string {
  return `"opaque-${md5Of(bytes).toString('base64url')}"`
}

function refusal({ status, code, message }: S3Error, Resource: string): Answer {
  const body = xml('Error', { Code: code, Message: message, Resource, RequestId: 'STANDIN' })
  return { status, headers: { 'content-type': 'application/xml' }, body }
}

function send(incoming: IncomingMessage, outgoing: ServerResponse, { status, headers = {}, body = '' }: Answer): void {
  const bytes = Buffer.from(body)
  outgoing.writeHead(status, { 'content-length': String(bytes.length), 'x-amz-request-id': 'STANDIN', ...headers })
  outgoing.end(incoming.method === 'HEAD' ? undefined : bytes)
}
