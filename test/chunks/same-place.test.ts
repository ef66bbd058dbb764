import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { samePlaceGuard } from '../../src/chunks/same-place.ts'
import { DirectoryStore } from '../../src/store/directory/directory-store.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { fakeOwner } from '../fakes/owner.ts'

function guardOf(root: string) {
  return samePlaceGuard(new DirectoryStore(root, { owner: fakeOwner(), readBack: false }), (name) => name, fakeOwner())
}

test('the place of the objects is refused, whatever it is called, and no file is left there', async () => {
  const [folder, elsewhere] = [temporaryFolder(), temporaryFolder()]
  mkdirSync(join(folder, 'below'))
  const link = join(elsewhere, 'link')
  symlinkSync(folder, link)
  const refused = {
    kind: 'usage',
    message: expect.stringMatching(/: is .* itself, which the chunks are removed from$/),
  }
  await expect(guardOf(folder)(folder)).rejects.toMatchObject(refused)
  await expect(guardOf(folder)(link)).rejects.toMatchObject(refused)
  await expect(guardOf(link)(folder)).rejects.toMatchObject(refused)
  await guardOf(folder)(join(folder, 'below'))
  expect(readdirSync(folder, { recursive: true })).toEqual(['below'])
})

test('P3: what was left by a look that was killed goes, and what another is at stays', async () => {
  const [folder, store] = [temporaryFolder(), temporaryFolder()]
  const kept = ['.chunkwatch.other-1.0123abcd.part', 'chunkwatch.gone-1.0123abcd.part', 'xaa']
  for (const name of ['.chunkwatch.gone-1.0123abcd.part', ...kept]) writeFileSync(join(folder, name), '')
  await guardOf(store)(folder)
  expect(readdirSync(folder).sort()).toEqual(kept)
})
