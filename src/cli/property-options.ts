import type { OptionSpecs } from './command.ts'

/** What of properties a `zfs receive` sets, and what it takes from no stream. */
export const propertyOptions = {
  property: {
    type: 'string',
    alias: 'o',
    array: true,
    metavar: 'PROPERTY=VALUE',
    default: [] as string[],
    describe: 'set this property of each new dataset',
  },
  exclude: {
    type: 'string',
    alias: 'x',
    array: true,
    metavar: 'PROPERTY',
    default: [] as string[],
    describe: 'let this property be inherited, whatever the stream brings',
  },
} satisfies OptionSpecs
