import { expect, it } from 'vitest'
import type { Backup } from '../../src/backup/backup.ts'
import { objectFlaw } from '../../src/backup/object-flaw.ts'
import { z3Backup } from './sample-backups.ts'

const mib = 2 ** 20

function stored(size: number, estimate: number, more: Partial<Backup> = {}): Backup {
  const sample = z3Backup(1)
  return { ...sample, object: { ...sample.object, size, metadata: { size: String(estimate) } }, ...more }
}

it.for([
  ['a whole one', stored(22 * mib, 23 * mib), undefined],
  ['what z3 published though zfs send had died', stored(11 * mib, 23 * mib), /^too small: .* of about/],
  ['a compressed one, whose length says nothing', stored(11 * mib, 23 * mib, { compressor: 'pigz1' }), undefined],
  ['one whose stream was read to its end', stored(11 * mib, 23 * mib, { guid: '01' }), undefined],
  ['one without an estimate', stored(11 * mib, Number.NaN), undefined],
  ['less than BEGIN and END', stored(623, 0), 'too small: 623 B'],
  ['BEGIN and END', stored(624, 0), undefined],
  ['nothing', stored(0, 0, { compressor: 'gpg' }), 'empty'],
] as const)('%s', ([, backup, flaw]) => {
  if (flaw instanceof RegExp) expect(objectFlaw(backup)).toMatch(flaw)
  else expect(objectFlaw(backup)).toBe(flaw)
})
