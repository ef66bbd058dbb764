/** Who a frame says it is from, and whom it is for. None of it need exist. */
export interface Endpoints {
  readonly sourceMac: Buffer
  readonly destinationMac: Buffer
  /** Both of 4 bytes, or both of 16. */
  readonly sourceIp: Buffer
  readonly destinationIp: Buffer
  readonly sourcePort: number
  readonly destinationPort: number
}

const [etherBytes, udpBytes] = [14, 8]
const [ipv4Type, ipv6Type] = [0x0800, 0x86dd]
const udpProtocol = 17
const hops = 64

/*
 *  Ethernet 14  destination 6, source 6, type 2
 *  IPv4 20      45, 00, length 2, identification 2, 4000 (not to be fragmented), TTL, protocol, checksum 2, from 4, to 4
 *  IPv6 40      60000000, length 2, next header, hop limit, from 16, to 16
 *  UDP 8        from 2, to 2, length 2 (with these eight bytes), checksum 2
 */
export class FrameWriter {
  readonly #head: Buffer
  readonly #isV4: boolean
  readonly #udpAt: number
  /** Of what does not change from frame to frame: the pseudo-header but for the length, and the ports. */
  readonly #udpSum: number
  #identification = 0

  constructor(endpoints: Endpoints) {
    const { destinationMac, sourceMac, sourceIp, destinationIp, sourcePort, destinationPort } = endpoints
    this.#isV4 = sourceIp.length === 4
    const ether = Buffer.concat([destinationMac, sourceMac, Buffer.alloc(2)])
    ether.writeUInt16BE(this.#isV4 ? ipv4Type : ipv6Type, 12)
    const ip = Buffer.from(
      this.#isV4 ? [0x45, 0, 0, 0, 0, 0, 0x40, 0, hops, udpProtocol, 0, 0] : [0x60, 0, 0, 0, 0, 0, udpProtocol, hops],
    )
    const udp = Buffer.alloc(udpBytes)
    udp.writeUInt16BE(sourcePort, 0)
    udp.writeUInt16BE(destinationPort, 2)
    this.#head = Buffer.concat([ether, ip, sourceIp, destinationIp, udp])
    this.#udpAt = this.#head.length - udpBytes
    this.#udpSum = sum16(sourceIp) + sum16(destinationIp) + udpProtocol + sourcePort + destinationPort
  }

  get headBytes(): number {
    return this.#head.length
  }

  /** A frame around a packet, with all lengths and checksums. */
  frame(packet: Uint8Array): Buffer {
    const frame = Buffer.allocUnsafeSlow(this.#head.length + packet.length)
    frame.set(this.#head)
    frame.set(packet, this.#head.length)
    const udpLength = udpBytes + packet.length
    frame.writeUInt16BE(udpLength, this.#udpAt + 4)
    const sum = complement(this.#udpSum + 2 * udpLength + sum16(packet))
    // Zero means that there is no checksum.
    frame.writeUInt16BE(sum === 0 ? 0xffff : sum, this.#udpAt + 6)
    if (this.#isV4) this.#finishV4(frame)
    else frame.writeUInt16BE(udpLength, etherBytes + 4)
    return frame
  }

  #finishV4(frame: Buffer): void {
    frame.writeUInt16BE(frame.length - etherBytes, etherBytes + 2)
    frame.writeUInt16BE(this.#identification, etherBytes + 4)
    this.#identification = (this.#identification + 1) & 0xffff
    frame.writeUInt16BE(complement(sum16(frame.subarray(etherBytes, this.#udpAt))), etherBytes + 10)
  }
}

/** The packet for this port in a frame, if it is one of UDP in IPv4 or IPv6, not a fragment, and whole. */
export function packetOf(frame: Buffer, port: number): { packet: Buffer; from: string; fromPort: number } | undefined {
  const type = frame.length >= etherBytes ? frame.readUInt16BE(12) : 0
  const udpAt = type === ipv4Type ? behindV4(frame) : type === ipv6Type ? behindV6(frame) : undefined
  if (udpAt === undefined || frame.length < udpAt + udpBytes || frame.readUInt16BE(udpAt + 2) !== port) return undefined
  const length = frame.readUInt16BE(udpAt + 4)
  if (length < udpBytes || udpAt + length > frame.length) return undefined
  const isV4 = type === ipv4Type
  const address = frame.subarray(isV4 ? etherBytes + 12 : etherBytes + 8, isV4 ? etherBytes + 16 : etherBytes + 24)
  const from = isV4 ? address.join('.') : (address.toString('hex').match(/.{4}/g) ?? []).join(':')
  return { packet: frame.subarray(udpAt + udpBytes, udpAt + length), from, fromPort: frame.readUInt16BE(udpAt) }
}

function behindV4(frame: Buffer): number | undefined {
  if (frame.length < etherBytes + 20) return undefined
  const first = frame[etherBytes]!
  const isFragment = (frame.readUInt16BE(etherBytes + 6) & 0x3fff) !== 0
  if (first >> 4 !== 4 || (first & 15) < 5 || isFragment || frame[etherBytes + 9] !== udpProtocol) return undefined
  return etherBytes + 4 * (first & 15)
}

function behindV6(frame: Buffer): number | undefined {
  const isUdp =
    frame.length >= etherBytes + 40 && frame[etherBytes]! >> 4 === 6 && frame[etherBytes + 6] === udpProtocol
  return isUdp ? etherBytes + 40 : undefined
}

/** Of 16-bit words, as the checksum of IP and UDP has them (RFC 1071), not yet folded. */
export function sum16(bytes: Uint8Array): number {
  let sum = 0
  const even = bytes.length & ~1
  for (let at = 0; at < even; at += 2) sum += (bytes[at]! << 8) | bytes[at + 1]!
  return even < bytes.length ? sum + (bytes[even]! << 8) : sum
}

function complement(sum: number): number {
  let folded = sum
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000)
  return ~folded & 0xffff
}
