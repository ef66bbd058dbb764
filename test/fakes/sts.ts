import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { S3Server } from '../s3-hosts/servers.ts'

export interface Sts {
  readonly url: string
  /** The actions that it was asked for. */
  readonly asked: readonly string[]
}

/** What gives the keys of a server to whoever assumes a role, as AWS STS of 2011-06-15 does, until the test ends. */
export async function startSts(
  { accessKey, secretKey }: Pick<S3Server, 'accessKey' | 'secretKey'>,
  lifetimeMs = 3_600_000,
): Promise<Sts> {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    const action = new URLSearchParams(await text(request)).get('Action') ?? ''
    asked.push(action)
    const keys = `<AccessKeyId>${accessKey}</AccessKeyId><SecretAccessKey>${secretKey}</SecretAccessKey>`
    const until = new Date(Date.now() + lifetimeMs).toISOString()
    const rest = `<SessionToken>a-token</SessionToken><Expiration>${until}</Expiration>`
    const result = `<${action}Result><Credentials>${keys}${rest}</Credentials></${action}Result>`
    const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/'
    response.setHeader('content-type', 'text/xml')
    response.end(`<${action}Response xmlns="${namespace}">${result}</${action}Response>`)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
