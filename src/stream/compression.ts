import { Failure } from '../errors.ts'
import type { Check } from './checked-input.ts'

export interface Compression {
  readonly name: string
  /** Other names that it is recorded under. */
  readonly aliases: RegExp
  /** The first bytes of what it writes; absent where they don't tell. */
  readonly magic?: readonly number[]
  /** The program that undoes it, from stdin to stdout. */
  readonly decompress: readonly string[]
}

// pigz1, pigz4, pbzip2, zstd3 and gpg are the names that z3 and its forks record.
const compressions: readonly Compression[] = [
  { name: 'gzip', aliases: /^(pigz\d*)$/, magic: [0x1f, 0x8b], decompress: ['gzip', '-dc'] },
  { name: 'zstd', aliases: /^zstd\d+$/, magic: [0x28, 0xb5, 0x2f, 0xfd], decompress: ['zstd', '-dcq'] },
  { name: 'lz4', aliases: /^lz4-?\d+$/, magic: [0x04, 0x22, 0x4d, 0x18], decompress: ['lz4', '-dcq'] },
  { name: 'xz', aliases: /^xz-?\d+$/, magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], decompress: ['xz', '-dcq'] },
  { name: 'bzip2', aliases: /^pbzip2$/, magic: [0x42, 0x5a, 0x68], decompress: ['bzip2', '-dc'] },
  { name: 'gpg', aliases: /^gpg2$/, decompress: ['gpg', '--quiet', '--batch', '-d'] },
]

/** What a stream that begins so is compressed with, by its magic number. */
export function recogniseCompression(first: Uint8Array): Compression | undefined {
  return compressions.find(({ magic }) => magic?.every((byte, index) => first[index] === byte))
}

/** The compression of a recorded name. One that is not known is a Failure 'data': its bytes must not pass as plain. */
export function compressionNamed(name: string): Compression {
  const found = compressions.find((compression) => compression.name === name || compression.aliases.test(name))
  if (found !== undefined) return found
  throw new Failure('data', `compressor ${name}: not known here`, {
    hint: 'name the program that undoes it: --through COMMAND',
  })
}

/** Remembers what the stream that it sees begins with. */
export function watchCompression(): Check & { readonly found: Compression | undefined } {
  let found: Compression | undefined
  let isFirst = true
  return {
    look(piece) {
      if (isFirst) found = recogniseCompression(piece)
      isFirst = false
    },
    get found() {
      return found
    },
  }
}
