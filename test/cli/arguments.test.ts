import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.ts'
import { allOptions } from '../../src/cli/common-options.ts'
import type { SettingValue } from '../../src/cli/settings.ts'
import { sortWords } from '../../src/cli/words.ts'
import { sample } from './fakes/sample-command.ts'

type Settings = Readonly<Record<string, SettingValue>>

function parse(words: readonly string[], settings: Settings = {}) {
  const options = allOptions(sample)
  return parseArguments(sample, options, sortWords(sample, options, words), new Map(Object.entries(settings)))
}

const failure = (kind: string, message: string) => expect.objectContaining({ name: 'Failure', kind, message })

describe('parseArguments', () => {
  it('gives types, defaults, positionals and the command', async () => {
    const args = await parse([
      '-s64M',
      '--count=8',
      '--meta=a=b=c',
      '--meta',
      'd',
      '-f',
      'k',
      'there',
      '--',
      'tar',
      '-c',
    ])
    expect(args).toMatchObject({
      size: 67_108_864,
      count: 8,
      meta: ['a=b=c', 'd'],
      force: true,
      check: true,
      format: 'auto',
      key: 'k',
      place: 'there',
      command: ['tar', '-c'],
    })
  })

  it('leaves out what is not given, and doubles nothing in camel case or under aliases', async () => {
    const args = await parse(['key'])
    expect(Object.keys(args).sort()).toEqual(['check', 'command', 'count', 'format', 'key', 'meta', 'place'])
    expect(args).toMatchObject({ count: 4, meta: [], command: [], place: undefined })
    expect(Object.keys(await parse(['key', '--chunk-size=1']))).not.toContain('chunk-size')
  })

  it('keeps values that look like something else to a parser', async () => {
    const values = ['"quoted"', "'x'", '007', '1e3', 'true', '', '--x', 'a.b=c', '=', ' ', 'ä\n']
    expect(await parse(['k', ...values.map((value) => `--meta=${value}`)])).toMatchObject({ meta: values })
    expect(await parse(['007', '--file=0x10'])).toMatchObject({ key: '007', file: '0x10' })
  })

  it('turns a switch off', async () => expect(await parse(['k', '--no-check'])).toMatchObject({ check: false }))

  it.each([
    [[], 'key is missing'],
    [['a', 'b', 'c'], "unexpected argument 'c'"],
    [['k', '--size=64Q'], "option --size: '64Q' is not a size"],
    [['k', '-sx'], "option --size: 'x' is not a size"],
    [['k', '--count=x'], "option --count: 'x' is not a number"],
    [['k', '--count='], "option --count: '' is not a number"],
    [['k', '--count=0x10'], "option --count: '0x10' is not a number"],
    [['k', '--count=Infinity'], "option --count: 'Infinity' is not a number"],
    [['k', '--format=tar'], "option --format: 'tar' is none of auto, zfs"],
    [['k', '--size=1', '--estimated=1'], 'options --size and --estimated exclude each other'],
    [['k', '--estimated=1', '--size=1'], 'options --size and --estimated exclude each other'],
    [['k', '--progress', '-q'], 'options --progress and --quiet exclude each other'],
    [['k', '--dataset=tank'], 'option --dataset needs --bucket'],
  ])('%j: %s', async (words, message) => {
    await expect(parse(words)).rejects.toThrow(failure('usage', message))
  })

  it('keeps the hint of what refused a value', async () => {
    await expect(parse(['k', '-sx'])).rejects.toThrow(
      expect.objectContaining({ hint: expect.stringContaining('64MB') }),
    )
  })
})

describe('settings among arguments', () => {
  const size = { value: '1M', origin: 'ZPIPES_CHUNK_SIZE' }

  it('count where no flag is given', async () => {
    expect(await parse(['k'], { size })).toMatchObject({ size: 1_048_576 })
    expect(await parse(['k', '-s2M'], { size })).toMatchObject({ size: 2_097_152 })
  })

  it('give way to a flag that they would conflict with', async () => {
    const args = await parse(['k', '--estimated=1G'], { size })
    expect(args).toMatchObject({ estimated: 1_073_741_824 })
    expect(args).not.toHaveProperty('size')
  })

  it('turn switches on and off', async () => {
    const force = (value: string) => ({ force: { value, origin: 'x' } })
    expect(await parse(['k'], force('true'))).toMatchObject({ force: true })
    expect(await parse(['k'], force('false'))).toMatchObject({ force: false })
    await expect(parse(['k'], force('maybe'))).rejects.toThrow("x: 'maybe' is neither true nor false")
  })

  it('may be what no flag can give', async () => {
    expect(await parse(['k'], { secret: { value: 'hush', origin: 'S3_SECRET' } })).toMatchObject({ secret: 'hush' })
  })

  it.each([
    ['size', '/etc/zpipes.conf:4: CHUNK_SIZE', '64Q', "/etc/zpipes.conf:4: CHUNK_SIZE: '64Q' is not a size"],
    ['count', 'ZPIPES_CONCURRENCY', 'x', "ZPIPES_CONCURRENCY: 'x' is not a number"],
    ['format', 'COMPRESSOR', 'x', "COMPRESSOR: 'x' is none of auto, zfs"],
  ])('a bad %s is a wrong configuration', async (name, origin, value, message) => {
    await expect(parse(['k'], { [name]: { value, origin } })).rejects.toThrow(failure('configuration', message))
  })
})
