import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const folder = join(import.meta.dirname, '../vectors/send-streams')

/** What the streams were made with, and what zstream(8) said of each: MANIFEST.tsv beside them. */
const makers = ['fuse-0.7.0', 'openzfs-2.1.11'] as const

export interface RecordedStream {
  readonly name: string
  readonly maker: (typeof makers)[number]
  /** Its line of the manifest by column; undefined for what is no stream that zfs send wrote to its end. */
  readonly manifest: Readonly<Record<string, string>> | undefined
}

export const recordedStreams: readonly RecordedStream[] = makers.flatMap((maker) => {
  const lines = manifestOf(maker)
  const files = readdirSync(join(folder, maker)).filter((file) => file.endsWith('.zst'))
  return files.map((file) => {
    const name = basename(file, '.zst')
    return { name, maker, manifest: lines.find((line) => line['file'] === name) }
  })
})

/** A saved partial of `zfs send -S`, and the first half of a stream that was to be resumed: neither has an END. */
export const partialStreams: readonly string[] = ['saved-partial.zfs', 'resume-part1-truncated.bin']

export const completeStreams = recordedStreams.filter(({ name }) => !partialStreams.includes(name))

/** Why tests cannot run that need the recorded streams; undefined if they can. */
export const whyNoStreams = spawnSync('zstd', ['--version']).error === undefined ? undefined : 'zstd is not installed'

const unpacked = new Map<string, Uint8Array>()

/** The stream's bytes; they are shared between tests, so who changes them changes them back. */
export function bytesOf({ name, maker }: RecordedStream): Uint8Array {
  const file = join(folder, maker, `${name}.zst`)
  const known = unpacked.get(file)
  if (known !== undefined) return known
  const { status, stdout, stderr } = spawnSync('zstd', ['-dcq', file], { maxBuffer: 64 * 1024 * 1024 })
  if (status !== 0) throw new Error(`zstd ${file}: ${stderr}`)
  const bytes = new Uint8Array(stdout)
  unpacked.set(file, bytes)
  return bytes
}

function manifestOf(maker: string): Record<string, string>[] {
  const [head = '', ...lines] = readFileSync(join(folder, maker, 'MANIFEST.tsv'), 'utf8')
    .trim()
    .split('\n')
  const columns = head.split('\t')
  return lines.map((line) => {
    const values = line.split('\t')
    return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? '']))
  })
}
