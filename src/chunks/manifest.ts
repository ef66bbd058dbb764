import { Failure } from '../errors.ts'
import { compareChunkNames } from './chunk-name.ts'

/** A chunk that the destination has, proven. */
export interface ManifestChunk {
  readonly chunk: string
  readonly size: number
  readonly md5: string
  readonly sha256: string
}

/** What a stream says of itself in its first record. */
export interface StreamName {
  readonly snapshot: string
  readonly guid: string
}

/** Written only when the stream is known to be whole. */
export interface ManifestEnd {
  readonly end: 'zfs' | 'count' | 'eof'
  readonly chunks: number
  readonly size: number
  readonly stream?: StreamName | undefined
}

/*
 * The manifest is lines of JSON, in the order in which the chunks were proven; their names have the stream's order:
 *
 *   {"manifest":1}
 *   {"chunk":"xaa","size":67108864,"md5":"…","sha256":"…"}
 *   {"end":"zfs","chunks":17,"size":1100000000,"stream":{"snapshot":"tank/home@mon","guid":"a45c…"}}
 */
export interface Manifest {
  /** By name. */
  readonly chunks: ReadonlyMap<string, ManifestChunk>
  readonly end: ManifestEnd | undefined
}

export const manifestHead = `${JSON.stringify({ manifest: 1 })}\n`

/** Reads a manifest. A last line without its end is one that was not written: it does not count. Throws 'data'. */
export function parseManifest(text: string, file: string): Manifest {
  const noManifest = new Failure('data', `${file}: is no manifest of chunks`)
  if (!text.includes('\n') && !manifestHead.startsWith(text)) throw noManifest
  const chunks = new Map<string, ManifestChunk>()
  let end: ManifestEnd | undefined
  for (const [index, line] of text.split('\n').slice(0, -1).entries()) {
    const entry = parseLine(line, `${file}:${index + 1}`)
    if (index === 0 && entry['manifest'] !== 1) throw noManifest
    if (isChunk(entry)) chunks.set(entry.chunk, entry)
    else if (isEnd(entry)) end = entry
    else if (index > 0) throw new Failure('data', `${file}:${index + 1}: is no entry of a manifest`)
  }
  return { chunks, end }
}

/** In the stream's order. */
export function orderedChunks({ chunks }: Manifest): readonly ManifestChunk[] {
  return [...chunks.values()].sort((a, b) => compareChunkNames(a.chunk, b.chunk))
}

/** As md5sum(1) writes it, which puts a backslash before a line whose name it had to escape. */
export function md5Line({ md5, chunk }: ManifestChunk): string {
  const name = chunk.replace(/[\\\n\r]/g, (found) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r' })[found] ?? found)
  return `${name === chunk ? '' : '\\'}${md5}  ${name}`
}

function parseLine(line: string, place: string): Record<string, unknown> {
  try {
    const entry: unknown = JSON.parse(line)
    if (typeof entry === 'object' && entry !== null) return entry as Record<string, unknown>
  } catch (error) {
    throw new Failure('data', `${place}: the manifest's line is not JSON`, { cause: error })
  }
  throw new Failure('data', `${place}: is no entry of a manifest`)
}

function isChunk(entry: object): entry is ManifestChunk {
  const { chunk, size, md5, sha256 } = entry as Partial<Record<keyof ManifestChunk, unknown>>
  const isHex = (value: unknown, digits: number) =>
    typeof value === 'string' && /^[0-9a-f]+$/.test(value) && value.length === digits
  return typeof chunk === 'string' && isName(chunk) && isCount(size) && isHex(md5, 32) && isHex(sha256, 64)
}

/** Of a file in a folder: whoever wrote the manifest must not lead us elsewhere. */
function isName(text: string): boolean {
  return /^[^/\0]+$/.test(text) && text !== '.' && text !== '..'
}

function isEnd(entry: object): entry is ManifestEnd {
  const { end, chunks, size } = entry as Partial<Record<keyof ManifestEnd, unknown>>
  return (end === 'zfs' || end === 'count' || end === 'eof') && isCount(chunks) && isCount(size)
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
