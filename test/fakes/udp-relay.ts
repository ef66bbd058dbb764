import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { SeededRandom } from './seeded-random.ts'

export interface RelayFaults {
  readonly drop?: number
  readonly duplicate?: number
  readonly corrupt?: number
  /** A share of packets is held for a few milliseconds. */
  readonly reorder?: number
  /** No larger packet passes. */
  readonly largest?: number
}

export interface UdpRelay {
  readonly port: number
  /** Packets that came, and those that were not sent on. */
  readonly counts: { forth: number; back: number; dropped: number }
  /** All packets that passed, if asked for. */
  readonly seen: { readonly direction: 'forth' | 'back'; readonly bytes: Buffer }[]
  faults: RelayFaults
  /** From now on packets go on from another port, as behind a router that was started again. */
  rebind(): Promise<void>
  /** Sends bytes as if they came from the other end. */
  inject(direction: 'forth' | 'back', bytes: Buffer): void
}

/** A network between a sender and a receiver on this machine, which does to packets what it is told, by a seed. */
export async function startUdpRelay(target: number, faults: RelayFaults, seed = 1): Promise<UdpRelay> {
  const random = new SeededRandom(seed)
  const front = await bound()
  let back = await bound()
  let client: RemoteInfo | undefined
  const chance = (share = 0) => share > 0 && random.below(1_000_000) < share * 1_000_000
  const relay: UdpRelay = {
    port: front.address().port,
    counts: { forth: 0, back: 0, dropped: 0 },
    seen: [],
    faults,
    async rebind() {
      const old = back
      back = await bound()
      back.on('message', (bytes) => pass('back', bytes))
      old.close()
    },
    inject: (direction, bytes) => emit(direction, bytes),
  }
  const emit = (direction: 'forth' | 'back', bytes: Buffer) => {
    if (direction === 'forth') back.send(bytes, target, '127.0.0.1', () => {})
    else if (client !== undefined) front.send(bytes, client.port, client.address, () => {})
  }
  const pass = (direction: 'forth' | 'back', bytes: Buffer) => {
    const { drop, duplicate, corrupt, reorder, largest = 65_535 } = relay.faults
    relay.counts[direction] += 1
    if (relay.seen.length < 2000) relay.seen.push({ direction, bytes: Buffer.from(bytes) })
    if (chance(drop) || bytes.length > largest) {
      relay.counts.dropped += 1
      return
    }
    const sent = Buffer.from(bytes)
    if (chance(corrupt)) sent[random.below(sent.length)]! ^= 1 << random.below(8)
    if (chance(reorder)) setTimeout(() => emit(direction, sent), 1 + random.below(8))
    else emit(direction, sent)
    if (chance(duplicate)) emit(direction, sent)
  }
  front.on('message', (bytes, from) => {
    client = from
    pass('forth', bytes)
  })
  back.on('message', (bytes) => pass('back', bytes))
  onTestFinished(() => {
    front.close()
    back.close()
  })
  return relay
}

async function bound(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
  socket.on('error', () => {})
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}
