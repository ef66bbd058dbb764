import { Failure } from '../errors.ts'
import type { Stage } from './stages.ts'

type MakeCommand = (level: string, gpgRecipient: string) => readonly string[]

// z3 has pigz1, pigz4 and gpg, with just these options; its forks have pbzip2 and zstd3. The levels are the programs' own.
const compressors: readonly (readonly [name: RegExp, make: MakeCommand])[] = [
  [/^pigz([1-9])$/, (level) => ['pigz', `-${level}`, '--blocksize', '4096']],
  [/^zstd(1?[1-9]|10)$/, (level) => ['zstd', '-q', '-c', '-T0', `-${level}`]],
  [/^lz4()$/, () => ['lz4', '-q', '-c']],
  [/^xz()$/, () => ['xz', '-q', '-c', '-T0']],
  [/^pbzip2()$/, () => ['pbzip2', '-q', '-c']],
  [/^gpg()$/, (_, recipient) => encryptForGpg([recipient])],
]

// What the programs take if nothing is said.
const defaultLevels: Readonly<Record<string, string>> = { zstd: 'zstd3', pigz: 'pigz6' }

/** The compressor of a name, undefined for `none`. One that is not known is a Failure 'usage'. */
export function compressorNamed(name: string, gpgRecipient: string): Stage | undefined {
  if (name === 'none') return undefined
  const full = defaultLevels[name] ?? name
  for (const [pattern, make] of compressors) {
    const level = pattern.exec(full)?.[1]
    if (level !== undefined) return { name: full, command: make(level, gpgRecipient) }
  }
  throw new Failure('usage', `compressor ${name}: not known here`, {
    hint: 'none, pigz1 to pigz9, zstd1 to zstd19, lz4, xz, pbzip2 or gpg; --through takes any command',
  })
}

/** Whoever names a key trusts it: gpg would ask, and nobody is there to answer. */
export function encryptForGpg(recipients: readonly string[]): readonly string[] {
  const named = recipients.flatMap((recipient) => ['--recipient', recipient])
  return ['gpg', '--batch', '--quiet', '--trust-model', 'always', '--encrypt', ...named]
}
