import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { PassThrough, pipeline, type Transform } from 'node:stream'
import { xml } from '../s3-server/xml.ts'

/** One request on its way through the proxy, and its answer. */
export class Exchange {
  readonly incoming: IncomingMessage
  readonly #outgoing: ServerResponse
  readonly #server: URL

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, server: URL) {
    this.incoming = incoming
    this.#outgoing = outgoing
    this.#server = server
  }

  get bodyBytes(): number {
    return Number(this.incoming.headers['content-length'] ?? 0)
  }

  /** Breaks the client's connection as a crash does. */
  reset(): void {
    this.incoming.socket.resetAndDestroy()
  }

  /** Reads the rest of the request, to nowhere. */
  async readAll(): Promise<void> {
    for await (const _ of this.incoming);
  }

  /** Answers in place of the server, when the request is whole. */
  async refuse(status: number, code: string): Promise<void> {
    await this.readAll()
    const isHead = this.incoming.method === 'HEAD'
    const body = isHead ? '' : xml('Error', { Code: code, Message: `${code}, by the fault proxy`, RequestId: 'FAULT' })
    this.#outgoing.writeHead(status, { 'content-type': 'application/xml', 'content-length': body.length }).end(body)
  }

  /** The server's answer to this request, whose body goes through a stream to it. */
  forward(up: Transform = new PassThrough()): Promise<IncomingMessage> {
    const { method, url, rawHeaders } = this.incoming
    const { hostname, port } = this.#server
    const onward = request({ hostname, port, method, path: url, headers: paired(rawHeaders), agent: false })
    // Whoever breaks off, the other side's connection ends too.
    pipeline(this.incoming, up, onward, () => {})
    return answerOf(onward)
  }

  /** Gives the server's answer to the client, with other headers perhaps, its body through a stream. */
  answer(reply: IncomingMessage, down: Transform = new PassThrough(), changed: Record<string, string> = {}): void {
    const pairs = paired(reply.rawHeaders)
    for (const [name, value] of Object.entries(changed)) pairs[name] = value
    this.#outgoing.writeHead(reply.statusCode!, pairs)
    pipeline(reply, down, this.#outgoing, () => {})
  }

  /** Gives another body to an answer that has been read. */
  answerWith(reply: IncomingMessage, body: Buffer, changed: Record<string, string>): void {
    const { 'transfer-encoding': _, ...headers } = paired(reply.rawHeaders)
    this.#outgoing.writeHead(reply.statusCode!, { ...headers, ...changed, 'content-length': body.length }).end(body)
  }
}

function answerOf(onward: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    onward.once('response', resolve)
    onward.once('error', reject)
  })
}

/** Names in lower case. */
function paired(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let at = 0; at < rawHeaders.length; at += 2) headers[rawHeaders[at]!.toLowerCase()] = rawHeaders[at + 1]!
  return headers
}
