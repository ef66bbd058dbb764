import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.ts'
import { defineCommand } from '../../src/cli/command.ts'
import { policyOf, retentionOptions } from '../../src/cli/retention-options.ts'
import { sortWords } from '../../src/cli/words.ts'

const command = defineCommand({
  name: 'prune',
  summary: 'a command that keeps',
  synopsis: ['[options]'],
  positionals: {},
  options: retentionOptions,
  examples: [],
  stdin: 'none',
  stdout: 'text',
  async run() {},
})

async function policy(...words: string[]) {
  const args = await parseArguments(command, command.options, sortWords(command, command.options, words), new Map())
  return policyOf(args as Parameters<typeof policyOf>[0])
}

describe('a retention policy', () => {
  it.each([
    [[], {}],
    [['--keep-last', '10', '--keep-hourly=36'], { last: 10, hourly: 36 }],
    [['--keep-daily=31', '--keep-weekly=8', '--keep-monthly=12'], { daily: 31, weekly: 8, monthly: 12 }],
    [
      ['--keep-yearly', 'unlimited', '--keep-within', '14d'],
      { yearly: Number.POSITIVE_INFINITY, withinMs: 1_209_600_000 },
    ],
    [['--keep', 'last=10,hourly=36'], { last: 10, hourly: 36 }],
    [
      ['--keep', 'daily=31, weekly=8,monthly=12,yearly=unlimited,within=36h'],
      { daily: 31, weekly: 8, monthly: 12, yearly: Number.POSITIVE_INFINITY, withinMs: 129_600_000 },
    ],
    [['--keep', 'last=10', '--keep-within', '90s'], { last: 10, withinMs: 90_000 }],
  ])('%j is %j', async (words, rules) => expect(await policy(...words)).toEqual(rules))

  it.each([
    [['--keep-last', 'ten'], "option --keep-last: 'ten' is not a whole number from 0 on"],
    [['--keep-last=-1'], "option --keep-last: '-1' is not a whole number from 0 on"],
    [['--keep-within', '14'], "option --keep-within: '14' is not a duration"],
    [['--keep', ''], "option --keep: '' is no rule"],
    [['--keep', 'last'], "option --keep: 'last' is no rule"],
    [['--keep', 'last=1,'], "option --keep: '' is no rule"],
    [['--keep', 'minutely=1'], "option --keep: 'minutely=1' is no rule"],
    [['--keep', 'last=x'], "option --keep: 'x' is not a whole number from 0 on"],
    [['--keep', 'last=1,last=2'], 'option --keep: last is given twice'],
    [['--keep', 'last=1', '--keep-last', '2'], '--keep and --keep-last give the same rule'],
    [['--keep', 'within=1d', '--keep-within', '2d'], '--keep and --keep-within give the same rule'],
  ])('%j is refused', async (words, message) =>
    expect(policy(...words)).rejects.toMatchObject({ kind: 'usage', message }),
  )
})
