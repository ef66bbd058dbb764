import { readFileSync } from 'node:fs'
import { Agent, type AgentOptions } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createSecureContext, type SecureContext } from 'node:tls'
import { Failure } from '../../errors.ts'
import type { DownloadRequest } from './download-handler.ts'
import type { Patience } from './http-connection.ts'
import { type Proxies, proxyFor } from './proxy-choice.ts'
import { authorization, openTunnel, proxyPort } from './tunnel.ts'

export interface WayOutOptions {
  readonly proxies?: Proxies | undefined
  /** A file of certificates (PEM): whose they signed is trusted, and nobody else. */
  readonly authorities?: string | undefined
}

/** How servers are reached: through which proxy, and who is believed to be one. */
export class WayOut {
  readonly #proxies: Proxies
  readonly #authorities: string | undefined
  readonly #patience: Patience
  #context: SecureContext | undefined

  constructor({ proxies = {}, authorities }: WayOutOptions, patience: Patience) {
    this.#proxies = proxies
    this.#authorities = authorities
    this.#patience = patience
  }

  /** Undefined for those that Node trusts. Read when the first connection needs it; throws 'configuration' without any. */
  get secureContext(): SecureContext | undefined {
    if (this.#authorities !== undefined) this.#context ??= contextOf(this.#authorities)
    return this.#context
  }

  /** What TLS goes through; undefined if there is no proxy on the way. */
  async tunnelTo(server: { hostname: string; port: number }, signal?: AbortSignal): Promise<Socket | undefined> {
    const destination = { protocol: 'https:', ...server }
    const proxy = proxyFor(destination, this.#proxies)
    return proxy && openTunnel(proxy, destination, this.#patience, signal)
  }

  /** For http: a proxy is asked for the whole URL. The signature is of the path alone, and stays good. */
  forward(request: DownloadRequest): DownloadRequest {
    const proxy = request.protocol === 'http:' ? proxyFor(request, this.#proxies) : undefined
    if (proxy === undefined) return request
    const authority = request.port === undefined ? request.hostname : `${request.hostname}:${request.port}`
    return {
      ...request,
      hostname: proxy.hostname,
      port: proxyPort(proxy),
      path: `http://${authority}${request.path}`,
      headers: { host: authority, ...request.headers, ...authorization(proxy) },
    }
  }
}

function contextOf(file: string): SecureContext {
  const ca = readFileSync(file)
  // Of a file without one TLS would only trust nobody.
  if (!ca.includes('-----BEGIN CERTIFICATE-----'))
    throw new Failure('configuration', `${file}: no certificate (PEM) in it`)
  return createSecureContext({ ca })
}

type Wish = Parameters<Agent['createConnection']>[0]

/** Makes the connections of Node's own client over TLS go that way. */
export class WayOutAgent extends Agent {
  readonly #wayOut: WayOut

  constructor(options: AgentOptions, wayOut: WayOut) {
    super(options)
    this.#wayOut = wayOut
  }

  override createConnection(options: Wish, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    this.#connect(options).then(
      (stream) => callback?.(null, stream),
      (error: Error) => callback?.(error, undefined as never),
    )
  }

  async #connect(options: Wish): Promise<Duplex> {
    const { secureContext } = this.#wayOut
    const socket = await this.#wayOut.tunnelTo({ hostname: options.host ?? '', port: Number(options.port) })
    return super.createConnection({ ...options, secureContext, socket } as Wish) as Duplex
  }
}
