import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { ManifestCopy } from '../../src/chunks/manifest-copy.ts'
import { ManifestFile } from '../../src/chunks/manifest-file.ts'
import { DirectoryStore } from '../../src/store/directory/directory-store.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { fakeOwner } from '../fakes/owner.ts'

const entry = (chunk: string) => ({ chunk, size: 1, md5: 'a'.repeat(32), sha256: 'b'.repeat(64) })

test('the store gets copies in between, though it fails once, and a last one', async () => {
  const [folder, there] = [temporaryFolder(), temporaryFolder()]
  const manifest = await ManifestFile.open(folder)
  const store = new DirectoryStore(there, { owner: fakeOwner(), readBack: false })
  const onTrouble = vi.fn()
  const copy = new ManifestCopy(store, manifest, { key: 'files.manifest', everyMs: 50, onTrouble })
  const copied = () => readFileSync(join(there, 'files.manifest'), 'utf8')

  // A file where the store was.
  const aside = `${there}.aside`
  renameSync(there, aside)
  writeFileSync(there, '')
  await manifest.record(entry('xaa'))
  copy.touch()
  await vi.waitFor(() => expect(onTrouble).toHaveBeenCalledOnce())
  rmSync(there)
  renameSync(aside, there)

  await manifest.record(entry('xab'))
  copy.touch()
  copy.touch()
  await vi.waitFor(() => expect(copied()).toContain('xab'))
  expect(copied()).toContain('xaa')
  await manifest.record(entry('xac'))
  copy.touch()
  await copy.finish()
  expect(copied()).toBe(readFileSync(manifest.file, 'utf8'))
  await manifest.close()
})

test('the manifest of another stream stays as it is; a beginning of ours does not', async () => {
  const [folder, there] = [temporaryFolder(), temporaryFolder()]
  const manifest = await ManifestFile.open(folder)
  const store = new DirectoryStore(there, { owner: fakeOwner(), readBack: false })
  const copy = new ManifestCopy(store, manifest, { key: 'files.manifest', everyMs: 50, onTrouble: () => {} })
  const copied = join(there, 'files.manifest')
  writeFileSync(copied, readFileSync(manifest.file))
  await manifest.record(entry('xaa'))
  await copy.finish()
  expect(readFileSync(copied, 'utf8')).toBe(readFileSync(manifest.file, 'utf8'))

  const foreign = `${readFileSync(manifest.file, 'utf8')}${JSON.stringify(entry('foreign'))}\n`
  rmSync(there, { recursive: true })
  mkdirSync(there)
  writeFileSync(copied, foreign)
  await manifest.record(entry('xab'))
  await expect(copy.refuseForeign()).rejects.toMatchObject({
    kind: 'exists',
    message: expect.stringContaining('from line 3 on'),
  })
  await expect(copy.finish()).rejects.toMatchObject({ kind: 'exists' })
  expect(readFileSync(copied, 'utf8')).toBe(foreign)
  await manifest.close()

  const lost = await ManifestFile.open(temporaryFolder())
  const again = new ManifestCopy(store, lost, { key: 'files.manifest', everyMs: 50, onTrouble: () => {} })
  await expect(again.refuseForeign()).rejects.toMatchObject({
    kind: 'exists',
    message: expect.stringContaining(`and there is nothing in ${lost.file}`),
    hint: expect.stringContaining('--state'),
  })
  await lost.close()
})

test('a copy that the store has damaged is called that, however long it is, and no other stream', async () => {
  const [folder, there] = [temporaryFolder(), temporaryFolder()]
  const manifest = await ManifestFile.open(folder)
  const store = new DirectoryStore(there, { owner: fakeOwner(), readBack: false })
  const copy = new ManifestCopy(store, manifest, { key: 'files.manifest', everyMs: 50, onTrouble: () => {} })
  const names = Array.from({ length: 20_000 }, (_, index) => `x${String(index).padStart(6, '0')}`)
  await Promise.all(names.map((name) => manifest.record(entry(name))))
  await copy.finish()
  await copy.refuseForeign()
  const copied = join(there, 'files.manifest')
  const bytes = readFileSync(copied)
  bytes[1000] = 0
  writeFileSync(copied, bytes)
  await expect(copy.refuseForeign()).rejects.toMatchObject({ kind: 'data' })
  await manifest.close()
})
