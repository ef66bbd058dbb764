import { Failure } from '../errors.ts'
import type { InferredArguments, OptionSpecs } from './command.ts'
import { parseCount, parseDuration } from './units.ts'

const count = { type: 'string', metavar: 'N', coerce: parseKeepCount } as const

/** What to keep, in restic's words. */
export const retentionOptions = {
  'keep-last': { ...count, describe: 'keep the last N' },
  'keep-hourly': { ...count, describe: 'keep the newest of each of the last N hours that have any' },
  'keep-daily': { ...count, describe: 'the same for days' },
  'keep-weekly': { ...count, describe: 'the same for weeks, which begin on Monday' },
  'keep-monthly': { ...count, describe: 'the same for months' },
  'keep-yearly': { ...count, describe: 'the same for years' },
  'keep-within': {
    type: 'string',
    metavar: 'DURATION',
    coerce: parseDuration,
    describe: 'keep all made in this time before the newest, such as 36h, 14d or 8w',
  },
  keep: {
    type: 'string',
    metavar: 'RULES',
    coerce: parseKeep,
    describe: 'all rules in one word, such as last=10,hourly=36,daily=31,weekly=8,monthly=12,yearly=5,within=14d',
  },
  timezone: {
    type: 'string',
    metavar: 'ZONE',
    default: 'UTC',
    describe: 'whose hours and days count, such as Europe/Berlin',
  },
} satisfies OptionSpecs

const rules = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const

type Policy = { readonly [rule in (typeof rules)[number]]?: number } & { readonly withinMs?: number }

/** The policy that the options make together. Throws 'usage' for a rule that is given twice. */
export function policyOf(args: InferredArguments<typeof retentionOptions, Record<never, never>>): Policy {
  const compact: Policy = args.keep ?? {}
  const given = [
    ...rules.map((rule) => [rule, args[`keep-${rule}`]] as const),
    ['withinMs', args['keep-within']] as const,
  ].filter(([, value]) => value !== undefined)
  const [twice] = given.find(([rule]) => compact[rule] !== undefined) ?? []
  if (twice !== undefined) throw new Failure('usage', `--keep and --keep-${twice.replace('Ms', '')} give the same rule`)
  return { ...compact, ...Object.fromEntries(given) }
}

/** As many as there are: Infinity, written `unlimited`. Throws 'usage'. */
function parseKeepCount(text: string): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : parseCount(text)
}

/** `last=10,hourly=36,within=14d`. Throws 'usage'. */
function parseKeep(text: string): Policy {
  const policy: Record<string, number> = {}
  for (const word of text.split(',')) {
    const [, rule = '', value = ''] = /^\s*(\w+)\s*=(.*)$/.exec(word) ?? []
    const isKnown = rule === 'within' || rules.some((each) => each === rule)
    if (!isKnown) throw new Failure('usage', `'${word}' is no rule`, { hint: `there are ${rules.join(', ')}, within` })
    const name = rule === 'within' ? 'withinMs' : rule
    if (policy[name] !== undefined) throw new Failure('usage', `${rule} is given twice`)
    policy[name] = rule === 'within' ? parseDuration(value) : parseKeepCount(value.trim())
  }
  return policy
}
