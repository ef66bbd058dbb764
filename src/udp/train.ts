/** Packets one behind the other: all of one length, but that the last may be shorter. The system cuts them (UDP GSO). */
export interface Train {
  readonly bytes: Buffer
  readonly packetBytes: number
}

// What one call may carry: the kernel takes 64 packets, and a datagram of 64 KiB with its headers.
const [mostPackets, mostBytes] = [60, 64_000]

/** How many bytes of packets of one length one call sends. */
export function bytesPerCall(packetBytes: number): number {
  return Math.max(1, Math.min(mostPackets, Math.floor(mostBytes / packetBytes))) * packetBytes
}

/** A packet for itself. */
export function alone(packet: Buffer): Train {
  return { bytes: packet, packetBytes: packet.length }
}

export function* packetsOf({ bytes, packetBytes }: Train): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += packetBytes) yield bytes.subarray(at, at + packetBytes)
}
