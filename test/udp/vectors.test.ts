import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sealClose, sealData, sealEmpty, sealProbed, sealTotal } from '../../src/udp/bodies.ts'
import type { CipherName } from '../../src/udp/protocol.ts'
import { filled, sessions } from './pair.ts'

/** Everything that is drawn is given: keys and ids are those of pair.ts. A second implementation must make the same bytes. */
interface Vectors {
  readonly about: string
  readonly ciphers: Record<CipherName, Record<string, string>>
}

const file = join(import.meta.dirname, '../vectors/zudp/packets.json')
const vectors: Vectors = JSON.parse(readFileSync(file, 'utf8'))

function packetsOf(cipher: CipherName): Record<string, string> {
  const { sender, receiver, hello, welcome } = sessions(cipher)
  const total = { segments: 1, bytes: 40, digest: '0123456789abcdef' }
  const packets = {
    hello,
    welcome,
    'data 0': sealData(sender, 0, 600, filled(40, 1)),
    'ping 1': sealEmpty(sender, 'ping'),
    'end 2': sealTotal(sender, 'end', total),
    'probed 0': sealProbed(receiver, 1472, 1 << 20),
    'fin 1': sealTotal(receiver, 'fin', total),
    'close 2': sealClose(receiver, { kind: 'data', reason: 'damaged' }),
  }
  return Object.fromEntries(Object.entries(packets).map(([name, bytes]) => [name, bytes.toString('hex')]))
}

describe.each(['none', 'aes-256-gcm', 'chacha20-poly1305'] as const)('recorded packets under %s', (cipher) => {
  it('are those that are made', () => expect(packetsOf(cipher)).toEqual(vectors.ciphers[cipher]))

  it('are opened', () => {
    const { receiver } = sessions(cipher)
    const data = Buffer.from(vectors.ciphers[cipher]!['data 0']!, 'hex')
    expect(receiver.open(data)?.body.subarray(8)).toEqual(filled(40, 1))
  })
})
