import { setMaxListeners } from 'node:events'
import type {
  $Command,
  GetObjectCommandInput,
  HeadObjectCommandInput,
  S3Client,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-s3'
import { type Clients, createClients, endpointUrl, fallbackRegion } from './client.ts'
import type { DescribedHead } from './described-head.ts'
import { isUnreached, mayBeExpired, type ServiceError, statusOf } from './judge-error.ts'
import type { Download } from './repeated-request.ts'
import { withRetries } from './retry.ts'
import type { S3StoreOptions } from './s3-options.ts'
import { GetObjectCommand, HeadObjectCommand } from './sdk.ts'

const hourMs = 60 * 60_000
// Of one object it is asked thrice while it is stored. Whoever asks more often has many.
const fewDescribed = 6
// From no region to one, and from there to the bucket's.
const mostMoves = 3

export interface SendOptions {
  /** Ends this request beside the store's own signal. Null: not even that one does, since it cleans up. */
  readonly signal?: AbortSignal | undefined | null
  /** After an abort no further try is made, but a request under way has so long to be answered: what it did is known then. */
  readonly graceMs?: number
  /** Wait long for the first byte of the answer. */
  readonly isPatient?: boolean
  /** The body of the answer is a ResponseBody. */
  readonly isDownload?: boolean
  readonly retryForMs?: number
  /** Sees every failed try before it is judged, and may throw something better. */
  readonly onFailure?: (error: unknown) => Promise<void> | void
}

type Command<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = $Command<
  Input,
  Output,
  S3Client['config']
>

/** Requests to one store, each tried again as long as it has a chance. */
export class S3Connection {
  readonly #options: S3StoreOptions
  #clients: Clients
  #region: string | undefined
  #wasReached = false
  #hasServed = false
  #wasSilent = false
  #described = 0

  constructor(options: S3StoreOptions) {
    this.#options = options
    this.#clients = createClients(options)
  }

  /** What is asked in the place of AWS, also by the SDK's own files: a host, and its port if it is named. */
  async host(): Promise<string | undefined> {
    const { endpoint } = this.#options
    const found = endpoint ?? (await this.#clients.usual.config.serviceConfiguredEndpoint?.())
    return found === undefined ? undefined : new URL(endpointUrl(found)).host
  }

  /** For what is wrong, and no failure. */
  warn(message: string): void {
    this.#options.onWarning?.(message)
  }

  /** `what` names the request and its object in messages. */
  async send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    what: string,
    command: Command<Input, Output>,
    options: SendOptions = {},
  ): Promise<Output> {
    return this.retry(what, options, (signal) => this.once(command, options, signal))
  }

  /** Tries a piece of work that makes its requests by `once`. */
  async retry<T>(
    what: string,
    options: SendOptions,
    work: (signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T> {
    const signal = this.#signalFor(options)
    const retryForMs = options.retryForMs ?? this.#options.retryForMs ?? hourMs
    const { onRetry } = this.#options
    const requestSignal = options.graceMs === undefined ? signal : delayed(signal, options.graceMs)
    const reach = { isUnreached: () => !this.#wasReached, hasServed: () => this.#hasServed }
    return withRetries(what, { retryForMs, ...reach, signal, onRetry }, async () => {
      try {
        return await work(requestSignal)
      } catch (error) {
        await options.onFailure?.(error)
        throw error
      }
    })
  }

  /** One try, except that the region may have to be found first. */
  async once<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: Command<Input, Output>,
    options: SendOptions,
    signal: AbortSignal | undefined,
    moves = 0,
  ): Promise<Output> {
    const client = this.#clientFor(options)
    // Of requests at the same time each is told what is wrong with them, and the first mends it.
    const [clients, asked] = [this.#clients, this.#region]
    try {
      const output = await client.send<Input, Output>(command, signal === undefined ? {} : { abortSignal: signal })
      // Any web server answers to a HEAD with 200.
      const isOfS3 = !(command instanceof HeadObjectCommand) || (output as { ETag?: string }).ETag !== undefined
      this.#hasServed ||= isOfS3
      this.#wasReached ||= isOfS3
      return output
    } catch (error) {
      this.#note(error)
      if (mayBeExpired(error as ServiceError) && clients === this.#clients) this.#renew(this.#region)
      const region = this.#betterRegion(error as ServiceError, asked)
      if (region === undefined || moves === mostMoves) throw error
      if (region !== this.#region) this.#renew(region)
      return this.once(command, options, signal, moves + 1)
    }
  }

  /** One try to get an object's bytes, or a range of them. */
  async download(input: GetObjectCommandInput, signal: AbortSignal | undefined): Promise<Download> {
    const repeated = await this.#clients.repeated.get(input, signal)
    if (repeated !== undefined) return repeated
    return (await this.once(new GetObjectCommand(input), { isDownload: true }, signal)) as unknown as Download
  }

  /** One try to hear what an object is. `isOneOfMany`: others of the bucket are asked about too. */
  async describe(
    input: HeadObjectCommandInput,
    signal: AbortSignal | undefined,
    isOneOfMany: boolean,
  ): Promise<DescribedHead> {
    this.#described += 1
    const areFew = !isOneOfMany && this.#described <= fewDescribed
    if (areFew || this.#wasSilent) return this.once(new HeadObjectCommand(input), {}, signal)
    const repeated = await this.#clients.repeated.head(input, signal).catch((error: unknown) => {
      this.#note(error)
      throw error
    })
    return repeated ?? (await this.once(new HeadObjectCommand(input), { isDownload: true }, signal))
  }

  #note(error: unknown): void {
    this.#wasReached ||= !isUnreached(error)
    this.#wasSilent ||= (error as Error).name === 'TimeoutError' && !isUnreached(error)
  }

  #clientFor({ isDownload, isPatient }: SendOptions): S3Client {
    if (isDownload) return this.#clients.download
    if (isPatient) return this.#clients.patient
    return this.#wasSilent ? this.#clients.slow : this.#clients.usual
  }

  #signalFor({ signal }: SendOptions): AbortSignal | undefined {
    if (signal === null) return undefined
    const both = [signal, this.#options.signal].filter((one) => one !== undefined)
    const one = both.length > 1 ? AbortSignal.any(both) : both[0]
    if (one !== undefined) setMaxListeners(0, one)
    return one
  }

  /** New clients read the credentials anew. */
  #renew(region: string | undefined): void {
    this.#region = region
    this.#clients = createClients(this.#options, region)
  }

  #betterRegion(error: ServiceError, asked: string | undefined): string | undefined {
    if (this.#options.endpoint !== undefined) return undefined
    if (/region is missing/i.test(error.message)) return asked === undefined ? fallbackRegion : undefined
    const region = error.$response?.headers?.['x-amz-bucket-region']
    const isElsewhere = [301, 307, 400].includes(statusOf(error) ?? 0)
    return isElsewhere && region !== asked ? region : undefined
  }
}

/** A signal that aborts so many milliseconds after the other. */
function delayed(signal: AbortSignal | undefined, ms: number): AbortSignal | undefined {
  if (signal === undefined) return undefined
  const late = new AbortController()
  signal.addEventListener('abort', () => setTimeout(() => late.abort(signal.reason), ms).unref(), { once: true })
  return late.signal
}
