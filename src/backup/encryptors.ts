import { Failure } from '../errors.ts'
import { encryptForGpg } from './compressors.ts'
import type { Stage } from './stages.ts'

/** `age:RECIPIENT` or `gpg:RECIPIENT`, as often as there are recipients. Undefined if there are none. */
export function encryptorFor(words: readonly string[]): Stage | undefined {
  const wishes = words.map(parse)
  const [first] = wishes
  if (first === undefined) return undefined
  const other = wishes.find(({ program }) => program !== first.program)
  if (other !== undefined)
    throw new Failure('usage', `--encrypt: ${first.program} and ${other.program}: only one of them`)
  const recipients = wishes.map(({ recipient }) => recipient)
  return {
    name: first.program,
    command: first.program === 'age' ? encryptForAge(recipients) : encryptForGpg(recipients),
  }
}

/** The program that undoes a recorded encryptor. Keys are found by gpg itself, by age in the file `identity`. */
export function decryptionOf(encryptor: string, identity: string | undefined): readonly string[] {
  if (encryptor === 'gpg') return ['gpg', '--batch', '--quiet', '--decrypt']
  if (encryptor !== 'age') {
    throw new Failure('data', `encryptor ${encryptor}: not known here`, {
      hint: 'name the program that undoes it, and the decompressor after it: --through COMMAND',
    })
  }
  if (identity !== undefined) return ['age', '--decrypt', '--identity', identity]
  throw new Failure('usage', 'the backup is encrypted with age, and no key is given', {
    hint: '--identity FILE names the file that holds it',
  })
}

interface Wish {
  readonly program: 'age' | 'gpg'
  readonly recipient: string
}

function parse(word: string): Wish {
  // A key that opens backups has no place on a command line, not even in a message about it.
  if (/AGE-SECRET-KEY-/i.test(word)) {
    throw new Failure('usage', '--encrypt: that is a secret key, and by now others may have seen it', {
      hint: 'make a new one: age-keygen; name the public key that begins with age1',
    })
  }
  const [, program, recipient = ''] = /^(age|gpg):(.+)$/.exec(word) ?? []
  if (program === 'age' && /^(age1[0-9a-z]+|ssh-(ed25519|rsa) .+)$/.test(recipient)) return { program, recipient }
  if (program === 'gpg' && !recipient.startsWith('-')) return { program, recipient }
  throw new Failure('usage', `--encrypt ${word}: names no recipient`, {
    hint: 'age:age1… (a public key) or gpg:NAME (a key that gpg has)',
  })
}

function encryptForAge(recipients: readonly string[]): readonly string[] {
  return ['age', '--encrypt', ...recipients.flatMap((recipient) => ['--recipient', recipient])]
}
