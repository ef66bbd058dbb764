import type { HttpConnection } from './http-connection.ts'

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  /** By names in lower case; those that came twice joined by commas. */
  readonly headers: Readonly<Record<string, string>>
  /** Whether the connection may be used again after the body. */
  readonly isKeptAlive: boolean
}

// As much as Node's own HTTP client takes.
const maxHeadBytes = 16 * 1024

/** Reads an answer's head, and skips those that only say that it will come (1xx). */
export async function readHead(connection: HttpConnection): Promise<ResponseHead> {
  for (;;) {
    const head = parseHead(await headText(connection))
    if (head.status >= 200) return head
  }
}

async function headText(connection: HttpConnection): Promise<string> {
  for (;;) {
    const { pending } = connection
    const end = pending.indexOf('\r\n\r\n')
    if (end >= 0) {
      connection.consume(end + 4)
      return pending.toString('latin1', 0, end)
    }
    if (pending.length >= maxHeadBytes) throw notHttp('the head of the answer is longer than 16 KiB')
    if (!(await connection.more())) throw connection.error ?? closedEarly('before it answered')
  }
}

export function parseHead(text: string): ResponseHead {
  const [first = '', ...lines] = text.split('\r\n')
  const [, version, status, reason = ''] = /^HTTP\/(1\.[01]) (\d{3})(?: (.*))?$/.exec(first) ?? []
  if (status === undefined) throw notHttp('the answer is no HTTP')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const [, name, value = ''] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (name === undefined) throw notHttp('the head of the answer is no HTTP')
    const key = name.toLowerCase()
    const before = headers[key]
    headers[key] = before === undefined ? value : `${before}, ${value}`
  }
  const wishes = (headers['connection'] ?? '').toLowerCase()
  const isKeptAlive = version === '1.1' ? !wishes.includes('close') : wishes.includes('keep-alive')
  return { status: Number(status), reason, headers, isKeptAlive }
}

/** The server, or what is between, closed the connection. */
export function closedEarly(when: string): Error {
  return Object.assign(new Error(`the connection was closed ${when}`), { code: 'ECONNRESET' })
}

/** A connection that speaks nonsense is as good as a broken one. */
export function notHttp(message: string): Error {
  return Object.assign(new Error(message), { code: 'HPE_INVALID' })
}
