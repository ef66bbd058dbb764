import { closeSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DatagramSocket, SocketEvents } from '../datagram-socket.ts'
import { Refusals } from '../refusals.ts'
import { systemCalls } from '../system-calls.ts'
import { packetOf } from './frame.ts'
import { createFrameReader, openPacketSocket, readInterface } from './packet-socket.ts'

// What is taken in one go before the rest of the program gets its turn, and how long an idle socket is asked at once.
const framesPerTurn = 64
const idleTurns = 20
const idleMs = 50

/** Hears all packets for a port that pass an interface, whatever addresses they are for. It sends nothing. */
export async function openRawSocket(
  interfaceName: string,
  port: number,
  events: SocketEvents,
): Promise<DatagramSocket> {
  const fd = openPacketSocket(readInterface(interfaceName), true)
  const next = createFrameReader(fd)
  let isClosed = false
  const readSome = (): boolean => {
    for (let count = 0; count < framesPerTurn && !isClosed; count++) {
      const frame = next()
      if (frame === 'none') return count > 0
      const found = frame === 'own' ? undefined : packetOf(frame, port)
      if (found !== undefined) events.onDatagram(found.packet, { address: found.from, port: found.fromPort })
    }
    return true
  }
  const read = async () => {
    for (let idle = 0; !isClosed; ) {
      idle = readSome() ? 0 : idle + 1
      if (idle < idleTurns) await nextTurn()
      else await systemCalls()?.waitReadable(fd, idleMs)
    }
    closeSync(fd)
  }
  void read()
  return {
    family: 4,
    keepsWhole: false,
    hasRoom: true,
    refusals: new Refusals(),
    send: () => {},
    close: async () => {
      isClosed = true
    },
  }
}
