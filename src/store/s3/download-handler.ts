import { HttpConnection, type Patience } from './http-connection.ts'
import { hostOf, portOf } from './proxy-choice.ts'
import { ResponseBody } from './response-body.ts'
import { type ResponseHead, readHead } from './response-head.ts'
import type { WayOut } from './way-out.ts'

/** What the SDK gives of a request. */
export interface DownloadRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/**
 * The SDK's way to the server for GetObject and HeadObject, in the place of its own: bodies can be filled straight into
 * memory. Keeps connections for the next request.
 */
export class DownloadHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' }
  readonly #patience: Patience
  readonly #wayOut: WayOut
  readonly #idle = new Map<string, HttpConnection[]>()

  constructor(patience: Patience, wayOut: WayOut) {
    this.#patience = patience
    this.#wayOut = wayOut
  }

  async handle(signed: DownloadRequest, { abortSignal }: { abortSignal?: AbortSignal } = {}) {
    abortSignal?.throwIfAborted()
    const request = this.#wayOut.forward(signed)
    const origin = `${request.protocol}//${request.hostname}:${request.port ?? ''}`
    const connection = this.#takeIdle(origin) ?? (await this.#connectTo(request, abortSignal))
    const abort = () => connection.destroy(abortSignal?.reason as Error)
    abortSignal?.addEventListener('abort', abort, { once: true })
    const release = (mayBeUsed: boolean) => {
      abortSignal?.removeEventListener('abort', abort)
      if (mayBeUsed && connection.isUsable) this.#keep(origin, connection)
      else connection.destroy()
    }
    try {
      connection.write(headOf(request))
      const head = await readHead(connection)
      const body = new ResponseBody(connection, request.method === 'HEAD' ? withoutBody(head) : head, release)
      return { response: { statusCode: head.status, reason: head.reason, headers: { ...head.headers }, body } }
    } catch (error) {
      release(false)
      throw error
    }
  }

  destroy(): void {
    for (const connections of this.#idle.values()) for (const connection of connections) connection.destroy()
    this.#idle.clear()
  }

  async #connectTo(request: DownloadRequest, signal: AbortSignal | undefined): Promise<HttpConnection> {
    const isTls = request.protocol === 'https:'
    const [host, port] = [hostOf(request), portOf(request)]
    if (!isTls) return new HttpConnection({ isTls, host, port }, this.#patience)
    const { secureContext } = this.#wayOut
    const tunnel = await this.#wayOut.tunnelTo({ hostname: host, port }, signal)
    return new HttpConnection({ isTls, host, port, secureContext, tunnel }, this.#patience)
  }

  #takeIdle(origin: string): HttpConnection | undefined {
    const connections = this.#idle.get(origin)
    for (;;) {
      const connection = connections?.pop()
      if (connection === undefined || connection.isUsable) {
        connection?.use()
        return connection
      }
      connection.destroy()
    }
  }

  #keep(origin: string, connection: HttpConnection): void {
    connection.rest()
    this.#idle.set(origin, [...(this.#idle.get(origin) ?? []), connection])
  }
}

/** The headers of an answer to HEAD tell of a body that does not come. */
function withoutBody(head: ResponseHead): ResponseHead {
  return { ...head, headers: { 'content-length': '0' } }
}

function headOf({ method, path, query, headers, hostname, port, body }: DownloadRequest): string {
  if (body !== undefined) throw new Error('a request with a body')
  const host = headers['host'] ?? (port === undefined ? hostname : `${hostname}:${port}`)
  const all = Object.entries({ ...headers, host, connection: 'keep-alive' })
  const lines = [`${method} ${path}${queryOf(query)} HTTP/1.1`, ...all.map(([name, value]) => `${name}: ${value}`)]
  if (lines.some((line) => /[\r\n]/.test(line))) throw new Error('a line break in a header')
  return `${lines.join('\r\n')}\r\n\r\n`
}

function queryOf(query: DownloadRequest['query'] = {}): string {
  const parts = Object.entries(query).flatMap(([name, values]) =>
    [values ?? ''].flat().map((value) => (value === '' ? escaped(name) : `${escaped(name)}=${escaped(value)}`)),
  )
  return parts.length === 0 ? '' : `?${parts.toSorted().join('&')}`
}

/** As it was signed. */
export function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
