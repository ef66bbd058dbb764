import { Failure } from '../errors.ts'
import type { Backup } from './backup.ts'

/** What zfs send is given beside the snapshots: `-w`, `-L`, `-c`, `-e`, `-p`, in this order, each once. */
export type SendFlags = readonly string[]

const longNames: Readonly<Record<string, string>> = {
  '--raw': '-w',
  '--large-block': '-L',
  '--compressed': '-c',
  '--embed': '-e',
  '--props': '-p',
}
const known = [...new Set(Object.values(longNames))]

/** Reads `-w -L -c -e`, also written `-wLce` or by long names. A flag that makes no single snapshot's stream is refused. */
export function parseSendFlags(text: string): SendFlags {
  const words = text.split(/\s+/).filter((word) => word !== '')
  const given = new Set(words.flatMap(flagsIn))
  const unknown = [...given].find((flag) => !known.includes(flag))
  if (unknown === undefined) return known.filter((flag) => given.has(flag))
  throw new Failure('usage', `--send-flags: ${unknown} is none of ${known.join(' ')}`, {
    hint: 'each object holds one snapshot: -R, -I and -i are not for backups',
  })
}

function flagsIn(word: string): readonly string[] {
  if (/^-[^-]/.test(word)) return [...word.slice(1)].map((letter) => `-${letter}`)
  return [longNames[word] ?? word]
}

/**
 * Throws 'usage' where zfs receive would refuse the increment: a raw chain goes on raw and no other does, and records
 * larger than 128 KiB stay large.
 */
export function refuseOtherFlags(base: Backup, flags: SendFlags): void {
  const features = (base.object.metadata['zfs-features'] ?? '').split(',')
  const before = (base.object.metadata['send-flags'] ?? '').split(' ')
  const wasRaw = features.includes('raw') || before.includes('-w')
  const isRaw = flags.includes('-w')
  const hint = '--send-flags as they were, or --full, which begins a new chain'
  if (wasRaw !== isRaw) {
    const words = wasRaw ? 'raw, and cannot go on without -w' : 'without -w, and cannot go on raw'
    throw new Failure('usage', `${base.name} is in the store ${words}`, { hint })
  }
  if (features.includes('large-blocks') && !isRaw && !flags.includes('-L')) {
    throw new Failure('usage', `${base.name} is in the store with large blocks, and cannot go on without -L`, { hint })
  }
}
