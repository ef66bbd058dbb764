import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { createServer as createTlsServer } from 'node:tls'
import { onTestFinished } from 'vitest'
import { root } from './programs.ts'

export interface ForwarderOptions {
  readonly address?: string
  /** Speaks TLS, with this one of test/vectors/tls, which nobody signed but itself. */
  readonly certificate?: string
}

export function certificateFile(name: string): string {
  return join(root, 'test/vectors/tls', `${name}.pem`)
}

/** Hands connections on to a server of plain TCP until the test ends. Resolves to its port. */
export async function forwardTo(endpoint: string, options: ForwarderOptions = {}): Promise<number> {
  const { hostname, port } = new URL(endpoint)
  const onSocket = (socket: Socket) => {
    const plain = connect(Number(port), hostname)
    pipeline(socket, plain, socket, () => {})
  }
  const { address = '127.0.0.1', certificate } = options
  const server = certificate === undefined ? createServer(onSocket) : createTlsServer(pairOf(certificate), onSocket)
  server.listen(0, address)
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function pairOf(name: string) {
  return { key: readFileSync(certificateFile(`${name}-key`)), cert: readFileSync(certificateFile(name)) }
}
