import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { root, start } from '../fakes/programs.ts'
import { environmentOf } from '../s3-hosts/buckets.ts'

const keys = { region: 'us-east-1', accessKey: 'x', secretKey: 'y' }

/** The pages' examples of what servers refuse: `.It url: Code: its words`, then the exit status in parentheses. */
function refusalsIn(page: string): readonly (readonly [code: string, words: string, status: number])[] {
  const text = readFileSync(join(root, 'man', page), 'utf8')
  const found = text.matchAll(/^\.It s3:\S+: ([A-Z]\w+): (.*)\n\((\d+)\)/gm)
  return [...found].map(([, code = '', words = '', status]) => [code, words, Number(status)])
}

describe.each(['pput', 'pget'] as const)('what %s(1) says of a refusal is what it says', (program) => {
  test.each(refusalsIn(`${program}.1`))('%s', async (code, words, status) => {
    const { child, ended } = start(program, ['--format', 'bytes', 's3://backup/home@mon'], await refusing(code, words))
    child.stdin.end('bytes')
    child.stdout.resume()
    const line = `${program}: s3://backup/home@mon: ${code}: ${words}\n`
    const found = await ended
    expect(found).toMatchObject({ status, stderr: expect.stringContaining(line) })
    expect(found.stderr).toContain(`${program}: hint: `)
  })

  test('the page has some', () => {
    expect(refusalsIn(`${program}.1`).length).toBeGreaterThan(4)
  })
})

test('a server that is busy for longer than --retry-for: 75', async () => {
  const words = 'Please reduce your request rate'
  const { child, ended } = start('pput', ['--retry-for', '1s', 's3://b/k'], await refusing('SlowDown', words))
  child.stdin.end('bytes')
  expect(await ended).toMatchObject({
    status: 75,
    stderr: expect.stringMatching(/^pput: s3:\/\/b\/k: .*, for 1 s now\n/),
  })
})

const page = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n'
test.each([
  ['a web server', 'http', page, 'k: the server cannot be reached: the answer has no ETag\n'],
  ['one without TLS', 'https', page, 'TLS: '],
  ['one of another protocol', 'http', 'SSH-2.0-OpenSSH\r\n', ''],
] as const)('%s in the place of S3: 69, as if nobody were there', async (_, scheme, greeting, why) => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.end(greeting))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const endpoint = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const program of ['pput', 'pget']) {
    const words = ['--retry-for', '1s', '--endpoint', endpoint, 's3://b/k']
    const { child, ended } = start(program, words, environmentOf({ ...keys, endpoint }))
    child.stdin.end('bytes')
    const { status, stderr } = await ended
    expect([status, stderr]).toEqual([69, expect.stringContaining('k: the server cannot be reached: ')])
    expect(stderr).toContain(why)
    expect(stderr).toContain(`${program}: hint: check the endpoint (http: or https:)`)
  }
})

/** What reaches a server that answers all requests in this way. */
async function refusing(code: string, words: string): Promise<NodeJS.ProcessEnv> {
  const status = code.startsWith('NoSuch') ? 404 : code === 'SlowDown' ? 503 : 403
  const server = createServer((_request, answer) => {
    answer.writeHead(status, { 'content-type': 'application/xml' })
    answer.end(`<Error><Code>${code}</Code><Message>${words}</Message></Error>`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return environmentOf({ endpoint: `http://127.0.0.1:${port}`, ...keys })
}
