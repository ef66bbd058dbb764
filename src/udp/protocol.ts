// What both ends must agree on. zudp(7) draws it; what only one end decides is in the file that decides it.

/** The second byte of every packet. */
export const protocolVersion = 1

/** The first byte of every packet. */
export const packetType = {
  hello: 1,
  cookie: 2,
  welcome: 3,
  refused: 4,
  probe: 5,
  probed: 6,
  data: 7,
  ack: 8,
  ping: 9,
  end: 10,
  fin: 11,
  bye: 12,
  close: 13,
  start: 14,
  segment: 15,
  repair: 16,
  last: 17,
} as const

/** A HELLO is padded to this, so that no answer to a forged one is larger than what was sent. */
export const helloBytes = 1200

/** A packet of this size passes every IPv6 path (1280) below the headers of IPv6 and UDP. */
export const safePacketBytes = 1232

/** Between the header and the bytes of a DATA packet. */
export const dataFieldBytes = 8

/** Packets under one key; then the next, which is derived from it. QUIC stops AES-GCM at 2^23 (RFC 9001, 6.6). */
export const packetsPerKey = 2 ** 22

export const cipherNumber = { none: 0, 'aes-256-gcm': 1, 'chacha20-poly1305': 2 } as const
export type CipherName = keyof typeof cipherNumber
