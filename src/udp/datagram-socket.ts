/// <reference path="./dgram-stream.d.ts" />
// The one owner of dgram-stream, which is used where the system cannot move many packets in one call. What it does badly is kept away from it: a failed send stalls it for good, so that it
// hears of none (for UDP that is a lost packet, as others are); its end() closes the socket before what is queued is
// sent, so that it is never ended, but its socket closed; its reader ignores backpressure, so that it is read all the time,
// into windows that refuse what does not fit.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { Failure } from '../errors.ts'
import { type Address, formatAddress } from './address.ts'
import { offload } from './offload-socket.ts'
import { PacketMemory } from './packet-memory.ts'
import { Refusals } from './refusals.ts'
import { canForbidFragments, tuneSocket } from './socket-options.ts'
import { packetsOf, type Train } from './train.ts'

// Packets that the stream may hold. More would only wait there instead of in the window.
const mostQueued = 128
// Of an idle socket: the largest IPv6 UDP payload is smaller.
const largestDatagram = 65_507

/** Datagrams in and out. */
export interface DatagramSocket {
  readonly family: 4 | 6
  /** Packets stay whole on their way, so that larger ones can be tried. */
  readonly keepsWhole: boolean
  /** False as long as so much is queued that the next packets had better wait. */
  readonly hasRoom: boolean
  /** What this system itself would not send. */
  readonly refusals: Refusals
  /**
   * Sends packets of one length (but that the last may be shorter), which lie one behind the other: one, where no length is
   * given. One that the system does not take is lost, as on the way. A piece of the memory may be used again at once.
   */
  send(packets: Buffer, to: Address, packetBytes?: number): void
  /** Where there is such a one: lets go of the processor until something comes, which is taken, or for a part of a millisecond. */
  nap?(ms: number): void
  close(): Promise<void>
}

export interface SocketEvents {
  onDatagram(datagram: Buffer, from: Address): void
  /** Where there is such a one, it gets what the system gives at once: packets of one sender, of one length but the last. */
  onTrain?(train: Train, from: Address): void
  /** There is room again. */
  onRoom(): void
}

/** Opens a socket for an address family; `local` makes it listen there. A port in use is a Failure 'unavailable'. */
export async function openSocket(
  family: 4 | 6,
  events: SocketEvents,
  local?: { host: string; port: number },
  { memory, usesOffload = true }: { memory?: PacketMemory | undefined; usesOffload?: boolean } = {},
): Promise<DatagramSocket> {
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', ipv6Only: false })
  await bind(socket, local)
  const keepsWhole = tuneSocket(socket, family)
  const offloaded = usesOffload
    ? offload({ socket, family, keepsWhole, events, memory: memory ?? new PacketMemory(0) })
    : undefined
  if (offloaded !== undefined) return offloaded
  const refusals = new Refusals()
  // Not an import: few need it, and it would take each start 15 ms.
  const dgramStream = createRequire(import.meta.url)('dgram-stream') as typeof import('dgram-stream')
  const stream = dgramStream(tolerant(socket, refusals), { highWaterMark: mostQueued })
  stream.on('data', ({ from, payload }: { from: Address; payload: Buffer }) => events.onDatagram(payload, from))
  stream.on('drain', () => events.onRoom())
  return {
    family,
    keepsWhole,
    refusals,
    get hasRoom() {
      return stream.writableLength < mostQueued
    },
    send(packets, to, packetBytes = packets.length) {
      if (packetBytes > largestDatagram) return
      const payloads = packetsOf({ bytes: packets, packetBytes })
      // It writes later, when the memory may be used for other packets.
      const isKept = memory?.offsetOf(packets) !== undefined
      for (const payload of payloads) stream.write({ to, payload: isKept ? Buffer.from(payload) : payload })
    },
    async close() {
      if (stream.writableLength > 0)
        await Promise.race([once(stream, 'drain'), new Promise((go) => setTimeout(go, 500))])
      socket.close()
    },
  }
}

async function bind(socket: Socket, local: { host: string; port: number } | undefined): Promise<void> {
  const bound = once(socket, 'listening')
  try {
    socket.bind({ port: local?.port ?? 0, ...(local?.host && { address: local.host }) })
    await bound
  } catch (error) {
    socket.close()
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || local === undefined) throw error
    const place = formatAddress({ address: local.host || '*', port: local.port })
    throw new Failure('unavailable', `${place}: another program has this port`, { cause: error })
  }
  socket.on('error', () => {})
}

function tolerant(socket: Socket, refusals: Refusals) {
  return {
    on: socket.on.bind(socket),
    send: (bytes: Uint8Array, at: number, length: number, port: number, address: string, sent: (error: null) => void) =>
      socket.send(bytes, at, length, port, address, (error) => {
        refusals.note((error as NodeJS.ErrnoException | null)?.code, length)
        sent(null)
      }),
    close: () => socket.close(),
  }
}

/** For `--version --verbose`. */
export function mechanism(): string {
  return canForbidFragments() ? 'many in one call (UDP GSO and GRO)' : 'node:dgram, packets of 1280 bytes'
}
