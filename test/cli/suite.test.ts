import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.ts'
import { allOptions } from '../../src/cli/common-options.ts'
import { helpText } from '../../src/cli/help.ts'
import { chooseVerb, programOf, verbOf } from '../../src/cli/suite.ts'
import { sortWords } from '../../src/cli/words.ts'
import { sample, sampleSuite } from './fakes/sample-command.ts'

function parse(...argv: string[]) {
  const [command, words] = chooseVerb(sampleSuite, argv)
  const options = allOptions(command)
  return parseArguments(command, options, sortWords(command, options, words), new Map())
}

describe('chooseVerb', () => {
  it('takes the first word for the verb', () => {
    const [command, rest] = chooseVerb(sampleSuite, ['second', '--depth=1', 'first'])
    expect([command.name, verbOf(command), programOf(command)]).toEqual([
      'sample-suite second',
      'second',
      'sample-suite',
    ])
    expect(rest).toEqual(['--depth=1', 'first'])
  })

  it('leaves what is no verb to the program itself', () => {
    for (const argv of [[], ['--help'], ['third'], ['-q', 'second']]) {
      expect(chooseVerb(sampleSuite, argv)).toEqual([sampleSuite, argv])
    }
    expect(chooseVerb(sample, ['second'])).toEqual([sample, ['second']])
  })
})

describe('a program with verbs, run without one', () => {
  const run = (verb: string) => sampleSuite.run({ verb, command: [] } as never, {} as never)

  it('says that there is no such verb, or that it must come first', async () => {
    await expect(run('third')).rejects.toThrow("'third' is no verb of sample-suite")
    await expect(run('secnod')).rejects.toThrow(expect.objectContaining({ hint: 'second is one' }))
    await expect(run('second')).rejects.toThrow('the verb comes first: sample-suite second [options]')
    await expect(parse()).rejects.toThrow('verb is missing')
  })

  it('lists its verbs in its help', () => {
    expect(helpText(sampleSuite)).toContain(
      "\n\nVerbs:\n  first                   show every kind of option\n  second                  take names, and don't ask\n",
    )
  })
})

describe('a positional that takes many words', () => {
  it('is a list, empty if it is optional', async () => {
    expect(await parse('second', 'a', '--depth', '2', 'b')).toMatchObject({ dataset: ['a', 'b'], depth: 2 })
    expect(await parse('second')).toMatchObject({ dataset: [] })
  })

  it('needs one word unless it is optional', async () => {
    const positionals = { first: { describe: 'one' }, rest: { describe: 'many', many: true } } as const
    const command = { ...sample, positionals, synopsis: ['first rest ...'], options: {} }
    const given = (...words: string[]) => parseArguments(command, {}, sortWords(command, {}, words), new Map())
    await expect(given('a')).rejects.toThrow('rest is missing')
    expect(await given('a', 'b', 'c')).toMatchObject({ first: 'a', rest: ['b', 'c'] })
  })
})
