import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { compareChunkNames, gapIn, successorsOf, suffixAt } from '../../src/chunks/chunk-name.ts'
import { temporaryFolder } from '../fakes/folder.ts'

/** The names that the real split gives, in the order in which it gives them. */
function splitByLines(count: number, ...flags: string[]): readonly string[] {
  const folder = temporaryFolder()
  const lines = Array.from({ length: count }, (_, index) => `${index}\n`).join('')
  const output = execFileSync('split', ['--verbose', '-l', '1', ...flags, '-', `${folder}/x`], {
    input: lines,
    maxBuffer: 1 << 26,
  })
  return [...output.toString().matchAll(/\/(x\w+)'/g)].map(([, name = '']) => name)
}

describe.each([
  ['letters', []],
  ['digits', ['-d']],
  ['three letters', ['-a3']],
])('the names of split with %s', (_, flags) => {
  test('are put in its order', () => {
    const names = splitByLines(1500, ...flags)
    expect(names).toHaveLength(1500)
    expect(names.toReversed().sort(compareChunkNames)).toEqual(names)
  })

  test('each names the next among its successors', () => {
    const names = splitByLines(1500, ...flags)
    for (const [index, name] of names.slice(1).entries()) expect(successorsOf(names[index] ?? '')).toContain(name)
  })
})

test('our own names are those of split', () => {
  const names = splitByLines(1500)
  expect(names.map((_, index) => `x${suffixAt(index)}`)).toEqual(names)
  expect([17_549, 17_550].map(suffixAt)).toEqual(['zyzz', 'zzaaaa'])
  expect(successorsOf('xzyzz')).toContain('xzzaaaa')
})

test('numbers of any width are in the order of their values, hexadecimal digits in that of their bytes', () => {
  expect(['part.10', 'part.9', 'part.100'].sort(compareChunkNames)).toEqual(['part.9', 'part.10', 'part.100'])
  expect(['x0a', 'x09', 'x10'].sort(compareChunkNames)).toEqual(['x09', 'x0a', 'x10'])
  expect(successorsOf('part.9')).toContain('part.10')
  expect(successorsOf('README.MD')).toEqual([])
})

test.each([
  [['xaa', 'xab', 'xac'], undefined],
  [['snap.000', 'snap.001', 'snap.002'], undefined],
  [['xaa', 'xac'], 'a chunk is missing: xab should follow xaa, and xac does'],
  [['snap.009', 'snap.011'], 'a chunk is missing: snap.010 should follow snap.009, and snap.011 does'],
  [['a-1-', 'b-2-'], undefined],
])('of %s, what is missing is said', (names, said) => {
  expect(gapIn(names)).toBe(said)
})
