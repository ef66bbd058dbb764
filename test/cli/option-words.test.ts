import { expect, it } from 'vitest'
import { objectOptions } from '../../src/cli/object-options.ts'
import { optionWords } from '../../src/cli/option-words.ts'
import { storeOptions } from '../../src/cli/store-options.ts'
import { parseDuration, parseSize } from '../../src/cli/units.ts'

const options = {
  ...storeOptions,
  ...objectOptions,
  'read-back': { type: 'boolean', default: true, describe: '' },
} as const
const defaults = { memory: parseSize('256M'), 'retry-for': parseDuration('1h'), header: [], 'request-payer': false }

it('passes on nothing that is at its default', () => {
  expect(optionWords(options, { ...defaults, 'read-back': true, checksum: 'auto' })).toEqual([])
})

it('passes on each kind of value so that it means the same', () => {
  const given = {
    ...defaults,
    ...{ endpoint: 'https://host', 'path-style': true, 'read-back': false, concurrency: 8, 'retry-for': 90_000 },
    ...{ header: ['a=b', 'c=d e'], 'part-size': 5 << 20, 'lock-until': new Date(Date.UTC(2027, 0, 31)) },
  }
  expect(optionWords(options, given)).toEqual([
    '--endpoint=https://host',
    '--path-style',
    '--header=a=b',
    '--header=c=d e',
    '--concurrency=8',
    '--retry-for=90000ms',
    '--part-size=5242880',
    '--lock-until=2027-01-31T00:00:00.000Z',
    '--no-read-back',
  ])
})

it('passes on no secret', () => {
  expect(optionWords(options, { ...defaults, 'key-id': 'id', secret: 'secret' })).toEqual([])
})
