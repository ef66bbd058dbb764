import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { S3Server } from '../../s3-hosts/servers.ts'
import { operationOf } from '../s3-server/operation.ts'
import { Exchange } from './exchange.ts'
import { actions, pass } from './faults.ts'
import { type Fault, Plan } from './plan.ts'

export interface FaultProxy extends S3Server {
  readonly plan: Plan
  stop(): Promise<void>
}

/**
 * Stands in front of an S3 server and lets faults happen to the requests that the plan names; all others pass. A test
 * asks `plan.missed` at its end: `withFaults(server, [{ on: 'UploadPart', nth: 2, do: 'reset-mid-body' }])`.
 */
export async function startFaultProxy(server: S3Server, faults: readonly Fault[], port = 0): Promise<FaultProxy> {
  const plan = new Plan(faults)
  const proxy = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => void handle(incoming, outgoing))
  proxy.listen(port, '127.0.0.1')
  await once(proxy, 'listening')

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const exchange = new Exchange(incoming, outgoing, new URL(server.endpoint))
    const operation = operationOf(incoming.method!, incoming.url!)
    const fault = operation && plan.meet(operation)
    try {
      if (fault === undefined) await pass(exchange)
      else if ((await actions[fault.do](exchange)) !== false) plan.happened(fault)
    } catch {
      // One side has gone away: so does the other.
      exchange.reset()
    }
  }

  return {
    ...server,
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    plan,
    async stop() {
      if (!proxy.listening) return
      proxy.closeAllConnections()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}

/** The same, stopped when the test ends. */
export async function withFaults(server: S3Server, faults: readonly Fault[], port = 0): Promise<FaultProxy> {
  const proxy = await startFaultProxy(server, faults, port)
  onTestFinished(() => proxy.stop())
  return proxy
}
