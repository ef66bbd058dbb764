import { expect, it } from 'vitest'
import { compileGlob } from '../../src/snapshots/glob.ts'

it.each([
  ['*', 'tank@anything at all'],
  ['mon', 'tank@mon'],
  ['*_S', 'tank@210127-063600_S'],
  ['zfs-auto-snap_*', 'tank/a@zfs-auto-snap_daily-2026-11-21-0625'],
  ['zfs-auto-snap:*', 'tank/a@zfs-auto-snap:daily'],
  ['m?n', 'tank@mon'],
  ['[mt]*', 'tank@tue'],
  ['[a-m]*', 'tank@mon'],
  ['[!a-m]*', 'tank@tue'],
  ['[^a-m]*', 'tank@tue'],
  ['[]x]', 'tank@]'],
  ['a[b', 'tank@a[b'],
  ['\\*', 'tank@*'],
  ['a.b', 'tank@a.b'],
  ['tank/*@mon', 'tank/a/b@mon'],
  ['*@mon', 'tank@mon'],
])('%s matches %s', (glob, name) => expect(compileGlob(glob)(name)).toBe(true))

it.each([
  ['', 'tank@mon'],
  ['mo', 'tank@mon'],
  ['on', 'tank@mon'],
  ['tank', 'tank@mon'],
  ['a.b', 'tank@axb'],
  ['m?n', 'tank@mn'],
  ['[!a-m]*', 'tank@mon'],
  ['\\*', 'tank@mon'],
  ['tank/*@mon', 'tank@mon'],
  ['mon|tue', 'tank@mon'],
])('%s does not match %s', (glob, name) => expect(compileGlob(glob)(name)).toBe(false))

it('refuses a range that runs backwards', () => {
  const failure = expect.objectContaining({ name: 'Failure', kind: 'usage', message: "'[z-a]' is no pattern" })
  expect(() => compileGlob('[z-a]')).toThrow(failure)
})

it('takes no time for many stars', () => {
  const start = performance.now()
  expect(compileGlob(`${'*'.repeat(200)}x`)(`tank@${'a'.repeat(240)}`)).toBe(false)
  expect(performance.now() - start).toBeLessThan(500)
})
