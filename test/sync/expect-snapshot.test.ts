import { expect, it } from 'vitest'
import { checked } from '../../src/stream/checked-input.ts'
import { type ExpectedStream, expectSnapshot } from '../../src/sync/expect-snapshot.ts'
import { inputOf } from '../fakes/inputs.ts'
import { begun, guid, samplePackage, withContent } from '../fakes/sample-stream.ts'
import { StreamWriter } from '../fakes/send-stream-writer.ts'

const [mon, tue] = ['0123456789abcdef', '000000000000beef']
const { signal } = new AbortController()

async function read(stream: Uint8Array, expected: Partial<ExpectedStream>): Promise<number> {
  const announced = { toGuid: tue, fromGuid: undefined, dataset: 'filesystem', ...expected } as const
  const input = checked(inputOf(stream), expectSnapshot(announced, signal))
  return await input.fill(new Uint8Array(stream.length + 1))
}

const full = withContent(begun()).end(guid).stream
const increment = (flags = 0, name = 'tank/home@tue') =>
  withContent(new StreamWriter().begin(name, 0xbeefn, { fields: { 36: flags, 48: guid } })).end(0xbeefn).stream
const raw = withContent(new StreamWriter().begin('tank/home@tue', 0xbeefn, { fields: { 16: 1 + 4 * 2 ** 24 } })).end(
  0xbeefn,
).stream

const twoDatasets = (() => {
  const writer = new StreamWriter().packageHeader('tank/home@mon', new Uint8Array(8))
  withContent(writer.begin('tank/home@mon', guid), []).end(guid)
  return withContent(writer.begin('tank/x@tue', 0xbeefn), []).end(0xbeefn).packageEnd().stream
})()

it('lets through what was announced', async () => {
  expect(await read(full, { toGuid: mon })).toBe(full.length)
  expect(await read(increment(), { toGuid: tue, fromGuid: mon })).toBe(increment().length)
  expect(await read(samplePackage().stream, { toGuid: tue })).toBe(samplePackage().stream.length)
  expect(await read(raw, { mustBeRaw: true })).toBe(raw.length)
})

it.for([
  [
    'another snapshot',
    full,
    { toGuid: tue },
    'the stream ends at 0123456789abcdef, and 000000000000beef was announced',
  ],
  [
    'an increment for a full',
    increment(),
    { toGuid: tue },
    `the stream begins at ${mon}, and no snapshot was announced`,
  ],
  ['a full for an increment', full, { toGuid: mon, fromGuid: tue }, 'the stream begins at no snapshot'],
  ['a clone', increment(1), { toGuid: tue, fromGuid: mon }, 'the stream makes a clone of another dataset'],
  [
    'a file system for a volume, whose properties are others',
    full,
    { toGuid: mon, dataset: 'volume' },
    'the stream is of a filesystem, and a volume was announced',
  ],
  ['what is decrypted', full, { toGuid: mon, mustBeRaw: true }, 'the stream is decrypted: nothing of it is sent'],
  ['two datasets', twoDatasets, { toGuid: tue }, 'the stream holds more than one dataset'],
] as const)('refuses %s', async ([, stream, expected, message]) => {
  await expect(read(stream, expected)).rejects.toThrow(message)
})
