import { expect, it } from 'vitest'
import { closestWord } from '../../src/cli/closest-word.ts'

const words = ['--store', '--storage-class', '--recursive', '--dry-run', '--keep', '--keep-last', '-r']

it.each([
  ['--sotre', '--store'],
  ['--stor', '--store'],
  ['--stores', '--store'],
  ['--dry_run', '--dry-run'],
  ['--recurs', '--recursive'],
  ['--keeplast', '--keep-last'],
  ['--recusrvie', '--recursive'],
  ['--nothing', undefined],
  ['-x', undefined],
  ['', undefined],
])('%s: %s', (written, meant) => {
  expect(closestWord(written, words)).toBe(meant)
})
