import { execFileSync, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseIni } from '../../src/cli/ini.ts'

function parse(text: string) {
  const sections = [...parseIni(text, 'z3.conf')]
  return Object.fromEntries(
    sections.map(([name, entries]) => [name, Object.fromEntries(entries.map(({ key, value }) => [key, value]))]),
  )
}

describe('parseIni', () => {
  it('passes over a byte order mark', () => {
    expect(parse('\uFEFF[main]\nBUCKET=x\n')).toEqual({ main: { BUCKET: 'x' } })
  })

  it('reads what z3 documents', () => {
    const text = [
      '[main]',
      'S3_KEY_ID=aaaa',
      'BUCKET = bucket-1',
      'chunk_size: 256M',
      '# COMPRESSOR = none',
      '; SNAPSHOT_PREFIX = x',
      '',
      'SNAPSHOT_PREFIX = zfs-auto-snap:daily',
      '[fs:data/my files]',
      'COMPRESSOR=pigz4',
    ].join('\r\n')
    expect(parse(text)).toEqual({
      main: { S3_KEY_ID: 'aaaa', BUCKET: 'bucket-1', CHUNK_SIZE: '256M', SNAPSHOT_PREFIX: 'zfs-auto-snap:daily' },
      'fs:data/my files': { COMPRESSOR: 'pigz4' },
    })
  })

  it('knows the lines of entries', () => {
    expect(parseIni('\n[main]\n\n# c\na = 1\n', 'f').get('main')).toEqual([{ key: 'A', value: '1', line: 5 }])
  })

  it('joins indented lines, keeps later separators and empty values', () => {
    expect(parse('[a]\nurl = s3://x:y=z\nlong = one\n  two\n\tthree\nnone =\n')).toEqual({
      a: { URL: 's3://x:y=z', LONG: 'one\ntwo\nthree', NONE: '' },
    })
  })

  it('puts percent signs and other values in', () => {
    expect(parse('[DEFAULT]\nroot = /backup\n[main]\na = 100%%\nb = %(root)s/%(A)s\n')['main']).toEqual({
      A: '100%',
      B: '/backup/100%%',
    })
  })

  it.each([
    ['a = 1', "z3.conf:1: 'a = 1' stands in no [section]"],
    ['[main]\n\nnonsense', "z3.conf:3: 'nonsense' is neither 'key = value' nor '[section]'"],
    ['[main]\n= 1', "z3.conf:2: '= 1' is neither 'key = value' nor '[section]'"],
    ['[main\na = 1', "z3.conf:1: '[main' stands in no [section]"],
    ['[main]\na = 1\nA = 2', 'z3.conf:3: A is set on line 2 already'],
    ['[main]\na = 50%', "z3.conf:2: A: bad '%'"],
    ['[main]\na = %(nothing)s', "z3.conf:2: A: bad '%'"],
  ])('refuses %j', (text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ kind: 'configuration', message }))
  })

  it('parses any text or refuses it as configuration', () => {
    const line = fc.oneof(fc.string(), fc.constantFrom('[main]', 'a = 1', ' b', '%(a)s', 'c: %%'))
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          parse(lines.join('\n'))
        } catch (error) {
          expect(error).toMatchObject({ kind: 'configuration' })
        }
      }),
    )
  })
})

const hasPython = spawnSync('python3', ['--version']).status === 0

describe.skipIf(!hasPython)('against Python (python3)', () => {
  const script = `
import configparser, json, sys
config = configparser.ConfigParser()
for section, entries in json.load(sys.stdin).items():
    config[section] = {key: value.replace('%', '%%') for key, value in entries.items()}
config.write(sys.stdout)
`
  it('reads what ConfigParser writes', () => {
    const written = {
      main: { bucket: 'b 1', s3_key_id: 'a=b:c', compressor: '', x: '100% #;' },
      'fs:tank/a b': { y: 'one\ntwo' },
    }
    const text = execFileSync('python3', ['-c', script], { input: JSON.stringify(written), encoding: 'utf8' })
    expect(parse(text)).toEqual({
      main: { BUCKET: 'b 1', S3_KEY_ID: 'a=b:c', COMPRESSOR: '', X: '100% #;' },
      'fs:tank/a b': { Y: 'one\ntwo' },
    })
  })
})
