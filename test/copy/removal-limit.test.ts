import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { namesHere } from '../../src/copy/names-at-top.ts'
import { refuseForeign, refuseMany } from '../../src/copy/removal-limit.ts'
import { temporaryFolder } from '../fakes/folder.ts'

it('refuseMany: no more than was said, or than the source has', () => {
  refuseMany(3, { most: 3, isGiven: true })
  expect(() => refuseMany(4, { most: 3, isGiven: true })).toThrow(
    '4 names would be deleted, and --max-delete is 3: none was',
  )
  // Of a source that is not mounted.
  expect(() => refuseMany(1, { most: 0, isGiven: false })).toThrow(
    expect.objectContaining({ kind: 'exists', hint: 'if that is meant, give --max-delete=1' }),
  )
})

it('refuseForeign: deletes in no folder that is no copy', async () => {
  const folder = temporaryFolder()
  for (const name of ['src', 'dst', 'src/a', 'dst/.zfs', 'dst/lost+found']) mkdirSync(join(folder, name))
  const refuse = async (destination = join(folder, 'dst')) => {
    const source = join(folder, 'src')
    const names = { source: await namesHere(source), destination: await namesHere(destination) }
    refuseForeign(names, { source, destination }, (name) => name === '.zfs')
  }
  await refuse()
  await refuse(join(folder, 'none'))
  writeFileSync(join(folder, 'dst/b'), '')
  await expect(refuse()).rejects.toThrow(/^nothing in .*\/dst is in .*\/src: it is no copy of it/)
  writeFileSync(join(folder, 'dst/a'), '')
  await refuse()
})
