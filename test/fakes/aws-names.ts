import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { pipeline } from 'node:stream'
import { onTestFinished } from 'vitest'
import { certificateFile } from './forwarder.ts'
import type { StandIn } from './s3-server/server.ts'
import { xml } from './s3-server/xml.ts'
import { startTcpServer } from './tcp-server.ts'

export interface AwsNames {
  readonly environment: NodeJS.ProcessEnv
  /** The hosts that were asked, each once. */
  readonly hosts: ReadonlySet<string>
}

/**
 * The stand-in as AWS is addressed: over TLS, by host names of buckets and regions, on the way to which is a proxy that takes
 * them all to it. What is asked at another region than its own is sent there, as "Request redirection" of S3's guide has it.
 */
export async function withAwsNames(standIn: StandIn): Promise<AwsNames> {
  const hosts = new Set<string>()
  const own = (host: string) => host.includes(`s3.${standIn.region}.`)
  const files = {
    key: readFileSync(certificateFile('aws-names-key')),
    cert: readFileSync(certificateFile('aws-names')),
  }
  const server = createServer(files, (incoming, outgoing) => {
    const host = incoming.headers.host ?? ''
    hosts.add(host)
    if (own(host)) pass(incoming, outgoing, standIn.endpoint)
    else move(incoming, outgoing, standIn.region)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  const proxy = await startTcpServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const there = connect((server.address() as AddressInfo).port, '127.0.0.1')
      pipeline(socket, there, socket, () => {})
    })
  })
  const environment = {
    HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
    AWS_CA_BUNDLE: certificateFile('aws-names'),
    AWS_ACCESS_KEY_ID: standIn.accessKey,
    AWS_SECRET_ACCESS_KEY: standIn.secretKey,
  }
  return { environment, hosts }
}

function pass(incoming: IncomingMessage, outgoing: ServerResponse, endpoint: string): void {
  const { method, url, rawHeaders } = incoming
  const { hostname, port } = new URL(endpoint)
  const onward = request({ hostname, port, method, path: url, headers: rawHeaders as never }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders as never)
    pipeline(answer, outgoing, () => {})
  })
  pipeline(incoming, onward, () => {})
}

function move(incoming: IncomingMessage, outgoing: ServerResponse, region: string): void {
  incoming.resume()
  const Message = 'The bucket you are attempting to access must be addressed using the specified endpoint.'
  outgoing.writeHead(301, { 'x-amz-bucket-region': region, 'content-type': 'application/xml' })
  outgoing.end(incoming.method === 'HEAD' ? undefined : xml('Error', { Code: 'PermanentRedirect', Message }))
}
