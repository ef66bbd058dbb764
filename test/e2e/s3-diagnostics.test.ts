import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { root, start } from '../fakes/programs.ts'
import { environmentOf } from '../s3-hosts/buckets.ts'

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
  return environmentOf({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', accessKey: 'x', secretKey: 'y' })
}
