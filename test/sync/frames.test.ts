import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/errors.ts'
import { iteratedInput } from '../../src/stream/iterated-input.ts'
import { confinedName, fittingName } from '../../src/sync/confined-name.ts'
import { aliveFrame, dataHeader, encodeMessage, FrameReader, greeting, mostDataBytes } from '../../src/sync/frames.ts'
import { parseReceiverMessage, parseSenderMessage } from '../../src/sync/parse-messages.ts'

function readerOf(...pieces: readonly Uint8Array[]): FrameReader {
  return new FrameReader(
    iteratedInput(
      (async function* () {
        yield* pieces
      })(),
    ),
    { messageBytes: 1000 },
  )
}

describe('frames', () => {
  it('come out as they went in, in pieces of one byte too', async () => {
    const bytes = Buffer.concat([
      greeting,
      encodeMessage({ type: 'end' }),
      dataHeader(4),
      Buffer.from('data'),
      aliveFrame,
    ])
    for (const pieces of [[bytes], [...bytes].map((byte) => Uint8Array.of(byte))]) {
      const reader = readerOf(...pieces)
      expect(await reader.readGreeting()).toBe(true)
      expect(await reader.read()).toEqual({ kind: 'message', text: '{"type":"end"}' })
      const data = await reader.read()
      expect(data?.kind === 'data' && Buffer.from(data.bytes).toString()).toBe('data')
      expect(await reader.read()).toEqual({ kind: 'alive' })
      expect(await reader.read()).toBeUndefined()
    }
  })

  it('bring bytes of a stream into a place that is given, if they fit there', async () => {
    const reader = readerOf(dataHeader(4), Buffer.from('data'), dataHeader(4), Buffer.from('more'))
    const place = new Uint8Array(4)
    expect(await reader.read(place)).toEqual({ kind: 'data', bytes: new Uint8Array(Buffer.from('data')) })
    expect(Buffer.from(place).toString()).toBe('data')
    const more = await reader.read(place.subarray(1))
    expect(more?.kind === 'data' && Buffer.from(more.bytes).toString()).toBe('more')
    expect(Buffer.from(place).toString()).toBe('data')
  })

  it('that are too long, unknown or cut are refused', async () => {
    const frame = (kind: number, length: number) =>
      Uint8Array.of(kind, length >>> 24, length >>> 16, length >>> 8, length)
    await expect(readerOf(frame(2, mostDataBytes + 1)).read()).rejects.toMatchObject({ kind: 'protocol' })
    await expect(readerOf(frame(1, 1001)).read()).rejects.toMatchObject({ kind: 'protocol' })
    await expect(readerOf(frame(1, 0xffffffff)).read()).rejects.toMatchObject({ kind: 'protocol' })
    await expect(readerOf(frame(9, 0)).read()).rejects.toMatchObject({ kind: 'protocol' })
    await expect(readerOf(frame(3, 1)).read()).rejects.toMatchObject({ kind: 'protocol' })
    const whole = encodeMessage({ type: 'complete' })
    for (let length = 1; length < whole.length; length++) {
      await expect(readerOf(whole.subarray(0, length)).read()).rejects.toMatchObject({ kind: 'data' })
    }
  })

  it('begin with a greeting that tells another version and another program', async () => {
    expect(await readerOf().readGreeting()).toBe(false)
    const other = readerOf(Buffer.from('zfsync 2\n')).readGreeting()
    await expect(other).rejects.toMatchObject({ kind: 'protocol', message: expect.stringContaining('zfsync 2') })
    const words = readerOf(Buffer.from('Last login: today')).readGreeting()
    await expect(words).rejects.toMatchObject({ kind: 'protocol', message: expect.stringContaining('Last logi') })
  })
})

/** Throws nothing but a Failure, and of this kind. */
function refusesOrReads(kind: string, read: () => unknown): void {
  try {
    read()
  } catch (error) {
    expect(error).toBeInstanceOf(Failure)
    expect(error).toMatchObject({ kind })
  }
}

const words = fc.constantFrom(
  'hello',
  'receive',
  'rename',
  'clear',
  'end',
  'inventory',
  'failed',
  'done',
  '',
  '/..',
  '-F',
)
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    words,
    fc.string(),
    fc.integer(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom('type', 'path', 'to', 'from', 'guid', 'name', 'trouble', 'problems', 'inventory', 'datasets'),
      tie('value'),
    ),
  ),
})).value

describe('messages', () => {
  it('of any form are read or refused, never a crash', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          values.map((value) => JSON.stringify(value)),
        ),
        (text) => {
          refusesOrReads('protocol', () => parseSenderMessage(text))
          refusesOrReads('protocol', () => parseReceiverMessage(text))
        },
      ),
      { numRuns: 20_000 },
    )
  })

  it('bring no control character to a terminal, and no flag to a command line', () => {
    const trouble = { kind: 'io', message: 'a\u001b[2Jb\nc' }
    expect(parseReceiverMessage(JSON.stringify({ type: 'failed', trouble, ends: 'yes' }))).toEqual({
      type: 'failed',
      trouble: { kind: 'io', message: 'a [2Jb c' },
    })
    const dataset = { path: '', type: 'volume', isEncrypted: false, resumeToken: '-F', snapshots: [], bookmarks: [] }
    const inventory = { root: 'backup', datasets: [dataset], buffered: [] }
    const policy = { onDiverged: 'refuse', onGone: 'report' }
    const receiver = '01234567'
    expect(() => parseReceiverMessage(JSON.stringify({ type: 'inventory', receiver, policy, inventory }))).toThrow(
      /"-F"/,
    )
  })
})

describe('names', () => {
  it('of snapshots are no longer than ZFS allows, and of one alone', () => {
    const request = (name: string, fromName = 's0') => {
      const guid = '0123456789abcdef'
      const parts = { to: { name, guid }, fromGuid: guid, fromName }
      return JSON.stringify({ type: 'receive', path: '/a', into: 'place', dataset: 'filesystem', ...parts })
    }
    expect(parseSenderMessage(request('x'.repeat(255), 'x'.repeat(255)))).toMatchObject({ type: 'receive' })
    for (const name of ['', 'x'.repeat(256), 'x'.repeat(70_000), 'a/b', 'a@b', 'a,b', 'a%b', 'a\n']) {
      expect(() => parseSenderMessage(request(name))).toThrow(/is not understood/)
      expect(() => parseSenderMessage(request('s1', name))).toThrow(/is not understood/)
    }
    expect(fittingName(`backup/data@${'x'.repeat(243)}`)).toHaveLength(255)
    expect(() => fittingName(`backup/data@${'x'.repeat(244)}`)).toThrow(/the name is too long: 256 bytes/)
  })

  it('stay below the root, whatever a path says', () => {
    expect(confinedName('backup/data', '')).toBe('backup/data')
    expect(confinedName('backup/data', '/a b/c:d')).toBe('backup/data/a b/c:d')
    for (const path of [
      'x',
      '/',
      '//',
      '/..',
      '/a/../..',
      '/.',
      '/a@b',
      '/a#b',
      '/a/',
      '../x',
      '/a\n',
      '/%recv',
      '/é',
    ]) {
      expect(() => confinedName('backup/data', path), path).toThrow(/is no path below backup\/data/)
    }
    expect(() => confinedName('backup', `/${'x'.repeat(249)}`)).toThrow(/the name is too long: 256 bytes/)
  })

  it('of any kind are confined or refused', { timeout: 60_000 }, () => {
    const path = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(words).map((parts) => `/${parts.join('/')}`),
    )
    fc.assert(
      fc.property(path, (each) => {
        try {
          const name = confinedName('backup/data', each)
          expect(name === 'backup/data' || name.startsWith('backup/data/')).toBe(true)
          expect(name.split('/')).not.toContain('..')
          expect(name).not.toMatch(/[@#%\p{Cc}]/u)
        } catch (error) {
          if (!(error instanceof Failure)) throw error
        }
      }),
      { numRuns: 20_000 },
    )
  })
})
