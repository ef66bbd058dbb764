import type { Check } from '../../stream/checked-input.ts'
import type { Output } from '../../stream/output.ts'
import type { Transfer } from '../../stream/transfer.ts'
import type { HostAndPort } from '../address.ts'
import { openRawSocket } from '../raw/raw-socket.ts'
import { listen } from '../receive-over-udp.ts'
import { Wire } from '../wire.ts'
import { Delivery } from './delivery.ts'
import { OneWayReceiver, type ReceiverOptions } from './one-way-receiver.ts'
import type { Missing } from './repair-request.ts'

export interface ReceiveOneWayOptions extends ReceiverOptions {
  readonly at: HostAndPort
  /** Packets to the port of `at` are taken out of the frames that pass this interface, whatever their addresses. */
  readonly rawInterface: string | undefined
  /** 'stop': nothing is written from the first lost byte on. 'zero': zeros are in the place of what is lost. */
  readonly gaps: 'stop' | 'zero'
  /** They look at all bytes, and are asked before the last of them are written. */
  readonly checks: readonly Check[]
  /** Told when a transfer begins that is taken, by the sender's clock, in milliseconds since 1970. */
  readonly onBegin: (timeMs: number) => Promise<void>
  /** Told what is not in the output, before the failure is thrown. */
  readonly onMissing: (missing: Missing) => Promise<void>
  readonly transfer: Transfer
  readonly signal: AbortSignal
  readonly tell: (message: string) => void
}

/**
 * Receives one stream and sends nothing. Rejects with 'data' if packets were lost beyond repair, 'unavailable' if no sender
 * came in time, 'retry' if it went silent before its end, or what the sender says.
 */
export async function receiveOneWay(output: Output, options: ReceiveOneWayOptions): Promise<OneWayReceiver> {
  const receiver = new OneWayReceiver(options, performance.now())
  const wire = await open(receiver, options)
  wire.heed(options.signal)
  const delivery = new Delivery(wire, receiver, output, options)
  options.tell('listening')
  try {
    await wire.until(() => receiver.window !== undefined)
    const { timeMs } = receiver.start!
    options.tell(`a transfer began, at ${new Date(timeMs).toISOString()} by the sender's clock`)
    await options.onBegin(timeMs)
    await delivery.run()
    return receiver
  } catch (error) {
    if (receiver.window !== undefined) await options.onMissing(delivery.missing)
    throw error
  } finally {
    await wire.close()
  }
}

function open(receiver: OneWayReceiver, { at, rawInterface }: ReceiveOneWayOptions): Promise<Wire> {
  if (rawInterface === undefined) return listen(receiver, at)
  return Wire.over(receiver, (events) => openRawSocket(rawInterface, at.port, events))
}
