import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { CipherName } from '../../../src/udp/protocol.ts'
import { filled } from '../pair.ts'
import { receive, receiverFor, send } from './one-way-pair.ts'

/** Everything that is drawn is given, as the vectors' own text tells. A second implementation must make the same bytes. */
const file = join(import.meta.dirname, '../../vectors/zudp/one-way.json')
const { ciphers }: { ciphers: Record<CipherName, Record<string, string>> } = JSON.parse(readFileSync(file, 'utf8'))
const content = filled(1500, 3)
const shape = { code: { data: 3, repair: 2 }, depth: 2 }

it.each(['none', 'aes-256-gcm', 'chacha20-poly1305'] as const)(
  'packets under %s are those recorded',
  async (cipher) => {
    const { start, slots, last } = await send(content, { ...shape, cipher })
    const names = slots.map((slot, at) => [`slot ${at}`, slot?.toString('hex') ?? ''])
    const made = { start: start.toString('hex'), ...Object.fromEntries(names), last: last.toString('hex') }
    expect(made).toEqual(ciphers[cipher])
  },
)

it.each(['none', 'aes-256-gcm', 'chacha20-poly1305'] as const)(
  'recorded packets under %s are received',
  async (cipher) => {
    const sent = await send(content, { ...shape, cipher })
    const packets = Object.values(ciphers[cipher]).map((hex) => (hex === '' ? undefined : Buffer.from(hex, 'hex')))
    expect(receive(packets, receiverFor(sent, { cipher })).bytes.equals(content)).toBe(true)
  },
)
