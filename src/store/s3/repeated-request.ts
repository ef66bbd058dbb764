import type { GetObjectCommandInput, HeadObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import { type DescribedHead, describedIn } from './described-head.ts'
import { type DownloadHandler, type DownloadRequest, escaped } from './download-handler.ts'
import type { ResponseBody } from './response-body.ts'

/** What of an answer to GetObject is looked at. */
export interface Download {
  readonly ETag?: string | undefined
  readonly ContentRange?: string | undefined
  readonly ContentLength?: number | undefined
  readonly Body: ResponseBody
}

type Signer = Awaited<ReturnType<S3Client['config']['signer']>>
type AuthScheme = Parameters<S3Client['config']['signer']>[0]
type Input = GetObjectCommandInput | HeadObjectCommandInput

interface Template {
  readonly bucket: string | undefined
  readonly key: string
  readonly request: DownloadRequest
  readonly signer: Promise<Signer>
}

/**
 * Asks for more ranges of an object, or for more objects of a bucket, as the SDK has asked for the first: the request that
 * it made is given another range, or another key, and signed anew. All that the SDK does for one takes 2 ms of CPU, an
 * object is read by ranges of 8 MiB, and a store may have 100,000 objects.
 */
export class RepeatedRequest {
  readonly #client: S3Client
  readonly #handler: DownloadHandler
  readonly #templates = new Map<string, Template>()

  constructor(client: S3Client, handler: DownloadHandler) {
    this.#client = client
    this.#handler = handler
    client.middlewareStack.add(
      (next, context) => (args) => {
        const { Bucket: bucket, Key: key = '' } = args.input as Input
        const scheme = context.endpointV2?.properties?.['authSchemes'] as AuthScheme[] | undefined
        const request = args.request as unknown as DownloadRequest
        // These tell one call of the SDK's from another.
        const own = Object.entries(request.headers).filter(([name]) => !name.startsWith('amz-sdk-'))
        const copy = { ...request, headers: Object.fromEntries(own) }
        this.#templates.set(request.method, { bucket, key, request: copy, signer: client.config.signer(scheme?.[0]) })
        return next(args)
      },
      { step: 'finalizeRequest', priority: 'high', name: 'zpipesTemplate' },
    )
  }

  /** A range. Undefined if the SDK was not asked for this object yet, or the answer is for the SDK to make sense of. */
  async get(input: GetObjectCommandInput, signal: AbortSignal | undefined): Promise<Download | undefined> {
    const template = this.#templates.get('GET')
    if (template === undefined || template.bucket !== input.Bucket || template.key !== input.Key) return undefined
    const { Range: range = '', IfMatch = '' } = input
    const headers = { ...template.request.headers, range, 'if-match': IfMatch }
    const response = await this.#send(template, { ...template.request, headers }, signal)
    const { statusCode, body } = response
    if (statusCode !== 206) {
      body.destroy()
      return undefined
    }
    const length = response.headers['content-length']
    return {
      ETag: response.headers['etag'],
      ContentRange: response.headers['content-range'],
      ContentLength: length === undefined ? undefined : Number(length),
      Body: body,
    }
  }

  /**
   * The same for what an object is, without it: of any key in the bucket that the SDK was asked about. Where there is
   * none, it throws what the SDK would.
   */
  async head(input: HeadObjectCommandInput, signal: AbortSignal | undefined): Promise<DescribedHead | undefined> {
    const template = this.#templates.get('HEAD')
    if (template === undefined || template.bucket !== input.Bucket) return undefined
    const path = pathOf(template, input.Key ?? '')
    if (path === undefined) return undefined
    const { statusCode, headers } = await this.#send(template, { ...template.request, path }, signal)
    if (statusCode === 404) throw notFound()
    return statusCode === 200 ? describedIn(headers) : undefined
  }

  async #send({ signer }: Template, request: DownloadRequest, abortSignal: AbortSignal | undefined) {
    const signingDate = new Date(Date.now() + this.#client.config.systemClockOffset)
    const signed = await (await signer).sign(request as never, { signingDate })
    const options = abortSignal === undefined ? {} : { abortSignal }
    const { response } = await this.#handler.handle(signed as unknown as DownloadRequest, options)
    return response
  }
}

/** Where another key is, if it shows where this one is. Slashes stay. */
function pathOf({ key, request }: Template, other: string): string | undefined {
  const [end, otherEnd] = [key, other].map((each) => `/${escaped(each).replaceAll('%2F', '/')}`) as [string, string]
  return request.path.endsWith(end) ? `${request.path.slice(0, -end.length)}${otherEnd}` : undefined
}

function notFound(): Error {
  return Object.assign(new Error('NotFound'), { name: 'NotFound', $metadata: { httpStatusCode: 404 } })
}
