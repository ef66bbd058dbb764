import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { Failure } from '../../errors.ts'
import { type Address, formatAddress, type HostAndPort, resolveHost } from '../address.ts'
import { openSocket } from '../datagram-socket.ts'
import { tuneSocket } from '../socket-options.ts'
import type { Outlet } from './outlet.ts'

/** What stands before a datagram in an Ethernet frame: Ethernet, IPv4 or IPv6, UDP. */
export const frameOverheadBytes = { 4: 14 + 20 + 8, 6: 14 + 40 + 8 } as const

// Nobody else would tell that an interface went down. Fewer than the copies of what ends a stream, so that these tell too.
const mostRefused = 10

export interface UdpOutlet extends Outlet {
  /** The length of a datagram that fills a frame. */
  readonly packetBytes: number
}

/** A socket that sends to one address. No route, or an interface that takes no such frames, is a Failure. */
export async function openUdpOutlet({ host, port }: HostAndPort, frameBytes: number): Promise<UdpOutlet> {
  const { address, family } = await resolveHost(host)
  const to = { address, port }
  const packetBytes = frameBytes - frameOverheadBytes[family]
  await tryPath(to, family, packetBytes)
  const socket = await openSocket(family, { onDatagram: () => {}, onRoom: () => {} })
  return {
    packetBytes,
    get hasRoom() {
      return socket.hasRoom
    },
    get failure() {
      const code = socket.refusals.after(mostRefused)
      return code === undefined ? undefined : cannotSend(code, to, packetBytes)
    },
    send: (packet) => socket.send(packet, to),
    close: () => socket.close(),
  }
}

/** One packet that means nothing: nobody else would tell that this system sends none of them. */
async function tryPath(to: Address, family: 4 | 6, packetBytes: number): Promise<void> {
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  socket.on('error', () => {})
  try {
    socket.bind(0)
    await once(socket, 'listening')
    tuneSocket(socket, family)
    const packet = Buffer.alloc(Math.max(0, packetBytes))
    const error = await new Promise<NodeJS.ErrnoException | null>((resolve) =>
      socket.send(packet, to.port, to.address, resolve),
    )
    if (error !== null) throw cannotSend(error.code ?? '', to, packetBytes, error)
  } finally {
    socket.close()
  }
}

function cannotSend(code: string, to: Address, packetBytes: number, cause?: Error): Failure {
  if (code !== 'EMSGSIZE')
    return new Failure('unavailable', `${formatAddress(to)}: cannot send there: ${code}`, { cause })
  return new Failure('usage', `the interface takes no packets of ${packetBytes} bytes`, {
    hint: '--framesize is the length of an Ethernet frame: 1500 fits an MTU of 1500',
    cause,
  })
}
