import { describe, expect, it } from 'vitest'
import { compressorNamed } from '../../src/backup/compressors.ts'
import { decryptionOf, encryptorFor } from '../../src/backup/encryptors.ts'
import { parseSendFlags } from '../../src/backup/send-flags.ts'
import { stagesFor } from '../../src/backup/stages.ts'
import { compressionNamed } from '../../src/stream/compression.ts'

const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'

describe('compressorNamed', () => {
  const names = ['pigz1', 'pigz4', 'gpg', 'pbzip2', 'zstd3', 'zstd1', 'zstd10', 'zstd19', 'zstd', 'lz4', 'xz']

  it.for(names)('%s is undone by the name that is recorded', (name) => {
    const compressor = compressorNamed(name, 'z3_backup')
    expect(compressionNamed(compressor!.name).decompress[0]).toBeTruthy()
  })

  it('compresses as z3 does, under its names', () => {
    expect(compressorNamed('pigz1', '')).toEqual({ name: 'pigz1', command: ['pigz', '-1', '--blocksize', '4096'] })
    expect(compressorNamed('none', '')).toBeUndefined()
    expect(compressorNamed('gpg', 'z3_backup')?.command).toContain('z3_backup')
  })

  it('records the level that it took', () => {
    expect(compressorNamed('zstd', '')?.name).toBe('zstd3')
    expect(compressorNamed('pigz', '')?.name).toBe('pigz6')
  })

  it.for(['zstd20', 'zstd0', 'pigz0', 'lz5', 'gpg2', '', 'zstd3 '])('does not know %j', (name) => {
    expect(() => compressorNamed(name, '')).toThrow(`compressor ${name}: not known here`)
  })
})

describe('encryptorFor', () => {
  it('names each recipient', () => {
    expect(encryptorFor([])).toBeUndefined()
    const ssh = 'ssh-ed25519 AAAAC3 me@here'
    expect(encryptorFor([`age:${recipient}`, `age:${ssh}`])).toEqual({
      name: 'age',
      command: ['age', '--encrypt', '--recipient', recipient, '--recipient', ssh],
    })
    expect(encryptorFor(['gpg:backup@example.com'])?.command.at(-1)).toBe('backup@example.com')
  })

  it('refuses what is no recipient, and does not repeat a secret', () => {
    for (const word of ['age', 'age:', 'age:me', 'gpg:--homedir', 'rot13:x', recipient]) {
      expect(() => encryptorFor([word])).toThrow('names no recipient')
    }
    expect(() => encryptorFor([`age:${recipient}`, 'gpg:me'])).toThrow('only one of them')
    expect(() => encryptorFor(['age:AGE-SECRET-KEY-1QQ'])).toThrow(/^--encrypt: that is a secret key/)
  })

  it('is undone with the key that is given, or not at all', () => {
    expect(decryptionOf('age', '/root/key')).toEqual(['age', '--decrypt', '--identity', '/root/key'])
    expect(() => decryptionOf('age', undefined)).toThrow('no key is given')
    expect(decryptionOf('gpg', undefined)[0]).toBe('gpg')
    expect(() => decryptionOf('rot13', undefined)).toThrow('encryptor rot13: not known here')
  })
})

describe('stagesFor', () => {
  const plain = { compressor: 'none', gpgRecipient: 'z3_backup', encrypt: [], through: [] }

  it('compresses before it encrypts, and records both', () => {
    const { commands, metadata } = stagesFor({ ...plain, compressor: 'zstd9', encrypt: [`age:${recipient}`] })
    expect(commands.map(([program]) => program)).toEqual(['zstd', 'age'])
    expect(metadata).toEqual({ compressor: 'zstd9', encryptor: 'age' })
  })

  it('leaves a stream alone that nothing was asked for', () => {
    expect(stagesFor(plain)).toEqual({ commands: [], lines: [], metadata: {} })
  })

  it("runs the user's own commands in place of all", () => {
    const { commands, lines, metadata } = stagesFor({ ...plain, compressor: 'xz', through: ['zstd -T0', 'cat'] })
    expect(commands[0]).toEqual(['/bin/sh', '-c', 'zstd -T0'])
    expect({ lines, metadata }).toEqual({ lines: ['zstd -T0', 'cat'], metadata: {} })
  })
})

describe('parseSendFlags', () => {
  it('reads short, joined and long flags, and orders them', () => {
    expect(parseSendFlags('-w -L -c -e')).toEqual(['-w', '-L', '-c', '-e'])
    expect(parseSendFlags(' -ecL  --raw -w ')).toEqual(['-w', '-L', '-c', '-e'])
    expect(parseSendFlags('')).toEqual([])
  })

  it.for(['-R', '-I', '-i', '-t', '-wR', '--replicate', 'w', '; rm -rf /', '-'])('refuses %j', (text) => {
    expect(() => parseSendFlags(text)).toThrow('is none of -w -L -c -e -p')
  })
})
