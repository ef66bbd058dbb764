import type { Metadata } from '../store/store.ts'
import { shellCommand } from '../stream/child.ts'
import { shellLine } from '../stream/shell-words.ts'
import { compressorNamed } from './compressors.ts'
import { encryptorFor } from './encryptors.ts'

/** A program that every stream passes through on its way to the store, and its name as the metadata have it. */
export interface Stage {
  readonly name: string
  /** From stdin to stdout. */
  readonly command: readonly string[]
}

export interface StageWishes {
  readonly compressor: string
  readonly gpgRecipient: string
  readonly encrypt: readonly string[]
  /** Shell command lines, in place of both. */
  readonly through: readonly string[]
}

/** What a stream passes through, and what is recorded so that it can be undone. */
export interface Stages {
  readonly commands: readonly (readonly string[])[]
  /** The same as lines for a shell. */
  readonly lines: readonly string[]
  /** Nothing for the user's own commands: what their result looks like is recorded, if it looks like something. */
  readonly metadata: Metadata
}

/** Compressed before it is encrypted, since the result of encryption cannot be compressed. Throws 'usage'. */
export function stagesFor({ compressor, gpgRecipient, encrypt, through }: StageWishes): Stages {
  if (through.length > 0) return { commands: through.map(shellCommand), lines: through, metadata: {} }
  const compression = compressorNamed(compressor, gpgRecipient)
  const encryption = encryptorFor(encrypt)
  const commands = [compression, encryption].flatMap((stage) => (stage === undefined ? [] : [stage.command]))
  const metadata = {
    ...(compression === undefined ? {} : { compressor: compression.name }),
    ...(encryption === undefined ? {} : { encryptor: encryption.name }),
  }
  return { commands, lines: commands.map(shellLine), metadata }
}
