import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allOptions } from '../../src/cli/common-options.ts'
import { sortWords } from '../../src/cli/words.ts'
import type { Failure } from '../../src/errors.ts'
import { plainSample, sample } from './fakes/sample-command.ts'

function sort(...words: string[]) {
  const { given, positionals, command } = sortWords(sample, allOptions(sample), words)
  return { given: Object.fromEntries(given), positionals, command }
}

const usage = (message: string) => expect.objectContaining({ kind: 'usage', message })

describe('sortWords', () => {
  it.each([
    [['-s', '64M'], { size: ['64M'] }],
    [['-s64M'], { size: ['64M'] }],
    [['--size', '64M'], { size: ['64M'] }],
    [['--size=64M'], { size: ['64M'] }],
    [['--chunk-size=64M'], { size: ['64M'] }],
    [['-fqs64M'], { force: ['true'], quiet: ['true'], size: ['64M'] }],
    [['-fqs', '64M'], { force: ['true'], quiet: ['true'], size: ['64M'] }],
    [['--meta', 'a=b=c', '--meta=d=e=f'], { meta: ['a=b=c', 'd=e=f'] }],
    [['--meta=', '--file='], { meta: [''], file: [''] }],
    [['--file=-x'], { file: ['-x'] }],
    [['-o-x'], { file: ['-x'] }],
    [['-o', '-'], { file: ['-'] }],
    [['--no-check'], { check: ['false'] }],
    [['--no-check', '--check'], { check: ['true'] }],
    [['-q', '-q'], { quiet: ['true'] }],
    [['--file', '-w -L'], { file: ['-w -L'] }],
    [['--file', 'two words\nand a line'], { file: ['two words\nand a line'] }],
  ])('%j', (words, given) => expect(sort(...words, 'key')).toEqual({ given, positionals: ['key'], command: [] }))

  it('takes positionals between options', () => {
    expect(sort('a', '-f', 'b', '-').positionals).toEqual(['a', 'b', '-'])
  })

  it('leaves the words after -- to the command', () => {
    const { positionals, command } = sort('key', '--', 'zfs', 'send', '-R', '--', 'x', '--frob')
    expect({ positionals, command }).toEqual({
      positionals: ['key'],
      command: ['zfs', 'send', '-R', '--', 'x', '--frob'],
    })
  })

  it('ends options at -- where there is no command', () => {
    expect(sortWords(plainSample, allOptions(plainSample), ['--', '-f', '--frob']).positionals).toEqual([
      '-f',
      '--frob',
    ])
  })

  it('says which option was probably meant', () => {
    expect(() => sort('--sise=1')).toThrow(expect.objectContaining({ hint: '--size is one' }))
    expect(() => sort('--frob')).toThrow(expect.not.objectContaining({ hint: expect.anything() }))
  })

  it.each([
    [['--frob'], 'unknown option --frob'],
    [['--frob=1'], 'unknown option --frob'],
    [['-z'], 'unknown option -z'],
    [['-fz'], 'unknown option -z'],
    [['--no-force'], 'unknown option --no-force'],
    [['--no-size'], 'unknown option --no-size'],
    [['--siz', '1'], 'unknown option --siz'],
    [['--chunkSize', '1'], 'unknown option --chunkSize'],
    [['--s', '1'], 'unknown option --s'],
    [['-fqx'], 'unknown option -x'],
    [['--secret=x'], 'unknown option --secret'],
    [['--toString'], 'unknown option --toString'],
    [['--__proto__=1'], 'unknown option --__proto__'],
    [['--size'], 'option --size needs a value'],
    [['-s'], 'option -s needs a value'],
    [['--size', '--force'], 'option --size needs a value'],
    [['--size', '-5'], 'option --size needs a value'],
    [['--size', '--', 'x'], 'option --size needs a value'],
    [['--size=1', '--size=2'], "option --size is given twice: '1' and '2'"],
    [['--size=1', '-s2'], "option -s is given twice: '1' and '2'"],
    [['--force=yes'], 'option --force takes no value'],
    [['--no-check=1'], 'option --no-check takes no value'],
    [['key', '--'], 'there is no command after --'],
  ])('%j: %s', (words, message) => expect(() => sort(...words)).toThrow(usage(message)))

  it('hands every value on as it was written, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(sort(`--file=${value}`).given).toEqual({ file: [value] })
        if (value !== '') expect(sort(`-o${value}`).given).toEqual({ file: [value] })
      }),
    )
  })

  it('says how a value that begins with a dash is written', () => {
    const hintOf = (...words: string[]) => {
      try {
        return sort(...words)
      } catch (error) {
        return (error as Failure).hint
      }
    }
    expect(hintOf('--size', '-5')).toBe('a value that begins with - is written --size=-5')
    expect(hintOf('--size')).toBeUndefined()
  })

  it('sorts any words or fails as usage', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom('--', '-', '-f', '-s', '--meta', '--size=1', '-fq'))
    fc.assert(
      fc.property(fc.array(word), (words) => {
        try {
          sort(...words)
        } catch (error) {
          expect((error as Failure).kind).toBe('usage')
        }
      }),
    )
  })
})
