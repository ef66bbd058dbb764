import { SeededRandom } from './seeded-random.ts'
import { StreamWriter, type WriterOptions, type WrittenRecord } from './send-stream-writer.ts'

const random = new SeededRandom(1)

export const guid = 0x0123456789abcdefn

/** One record of each type that stands between BEGIN and END, with the payloads that these can have. */
export const everyContent: readonly WrittenRecord[] = [
  { type: 'OBJECT_RANGE', fields: { 8: 0, 16: 32, 24: guid }, bytes: { 32: 1, 40: 2, 52: 3 } },
  { type: 'OBJECT', fields: { 8: 1, 16: 21, 24: 512, 40: guid } },
  { type: 'OBJECT', fields: { 8: 2, 16: 19, 20: 44, 24: 131_072, 28: 173, 40: guid }, payload: random.bytes(176) },
  { type: 'OBJECT', fields: { 8: 3, 16: 19, 28: 168, 36: 320, 40: guid }, payload: random.bytes(320) },
  { type: 'FREEOBJECTS', fields: { 8: 4, 16: 28, 24: guid } },
  { type: 'FREE', fields: { 8: 2, 16: 512, 24: 2n ** 64n - 1n, 32: guid } },
  { type: 'WRITE', fields: { 8: 2, 24: 0, 32: 512, 40: guid }, bytes: { 48: 7 }, payload: random.bytes(512) },
  {
    type: 'WRITE',
    fields: { 8: 2, 24: 512, 32: 131_072, 40: guid, 96: 1536 },
    bytes: { 50: 15 },
    payload: random.bytes(1536),
  },
  { type: 'WRITE', fields: { 8: 2, 24: 2n ** 63n, 32: 1_048_576, 40: guid }, payload: new Uint8Array(1_048_576) },
  { type: 'WRITE_EMBEDDED', fields: { 8: 5, 24: 512, 32: guid, 48: 512, 52: 45 }, payload: random.bytes(48) },
  { type: 'WRITE_BYREF', fields: { 8: 6, 16: 0, 24: 131_072, 32: guid, 40: guid, 48: 2, 56: 0 } },
  { type: 'SPILL', fields: { 8: 2, 16: 512, 24: guid }, payload: random.bytes(512) },
  { type: 'SPILL', fields: { 8: 3, 16: 2048, 24: guid, 40: 1024 }, bytes: { 33: 15 }, payload: random.bytes(1024) },
  { type: 'REDACT', fields: { 8: 2, 16: 0, 24: 131_072, 32: guid } },
]

/** A writer that has come to a stream's content. */
export function begun(options: WriterOptions = {}): StreamWriter {
  return new StreamWriter(options).begin('tank/home@mon', guid)
}

export function withContent(writer: StreamWriter, content: readonly WrittenRecord[] = everyContent): StreamWriter {
  for (const record of content) writer.record(record)
  return writer
}

/** A package of two streams, the second an incremental one. */
export function samplePackage(options: WriterOptions = {}): StreamWriter {
  const writer = new StreamWriter(options).packageHeader('tank/home@tue', random.bytes(1024))
  withContent(writer.begin('tank/home@mon', guid)).end(guid)
  const fields = { 16: 1 + 4 * 2 ** 22, 48: guid }
  return withContent(writer.begin('tank/home@tue', 0xbeefn, { fields }), everyContent.slice(0, 5))
    .end(0xbeefn)
    .packageEnd()
}
