import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { DirectoryStore } from '../../../src/store/directory/directory-store.ts'
import { temporaryFolder } from '../../fakes/folder.ts'
import { openFiles } from '../../fakes/open-files.ts'
import { fakeOwner } from '../../fakes/owner.ts'

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  return { ...real, unlink: vi.fn(real.unlink) }
})

const bytes = Buffer.from('some bytes')

async function begin(root: string, overwrite = false, note = 'kept') {
  const store = new DirectoryStore(root, { owner: fakeOwner(), readBack: true })
  const upload = await store.create('k', { overwrite, metadata: { note } })
  await upload.putPart({ number: 1, offset: 0, bytes })
  return { store, upload }
}

describe('an upload', () => {
  test('whose second name cannot be taken away is published, with its record', async () => {
    const root = temporaryFolder()
    const { store, upload } = await begin(root)
    // As in a directory that only grows (chattr +a).
    vi.mocked(unlink).mockRejectedValueOnce(Object.assign(new Error('no'), { code: 'EPERM', syscall: 'unlink' }))
    await upload.publish({ size: bytes.length, checksums: {} })
    expect(readFileSync(join(root, 'k'))).toEqual(bytes)
    expect(await store.describe('k')).toMatchObject({ metadata: { note: 'kept' } })
  })

  test('that replaces an object whose record cannot be taken away is published, with its own record', async () => {
    const root = temporaryFolder()
    const before = await begin(root)
    await before.upload.publish({ size: bytes.length, checksums: {} })
    const { store, upload } = await begin(root, true, 'new')
    vi.mocked(unlink).mockRejectedValueOnce(Object.assign(new Error('no'), { code: 'EPERM', syscall: 'unlink' }))
    await upload.publish({ size: bytes.length, checksums: {} })
    expect(await store.describe('k')).toMatchObject({ metadata: { note: 'new' } })
  })

  // On XFS the next file gets the inode that is free: its record would be removed.
  test('that replaces an object holds its inode until its record is gone, and so does a removal', async () => {
    const root = temporaryFolder()
    const held: boolean[] = []
    const look: typeof unlink = async (path) => {
      held.push(openFiles().includes(`${root}/k (deleted)`))
      rmSync(`${path}`)
    }
    await (await begin(root)).upload.publish({ size: bytes.length, checksums: {} })
    const { store, upload } = await begin(root, true)
    vi.mocked(unlink).mockImplementationOnce(look)
    await upload.publish({ size: bytes.length, checksums: {} })
    vi.mocked(unlink)
      .mockImplementationOnce(async (path) => rmSync(`${path}`))
      .mockImplementationOnce(look)
    await store.remove('k')
    expect(held).toEqual([true, true])
    expect(readdirSync(root)).toEqual([])
  })

  test('that is left for others lets go of its file', async () => {
    const root = temporaryFolder()
    const { upload } = await begin(root)
    const file = join(root, readdirSync(root)[0] ?? '')
    expect(openFiles()).toContain(file)
    await upload.leave()
    expect(openFiles()).not.toContain(file)
    expect(readFileSync(file)).toEqual(bytes)
  })

  test.each([false, true])(
    'is refused at its beginning where something else has its name (overwrite: %s)',
    async (overwrite) => {
      const folder = temporaryFolder()
      mkdirSync(join(folder, 'k'))
      await expect(begin(folder, overwrite)).rejects.toMatchObject({
        kind: 'exists',
        message: expect.stringMatching(/: is a directory$/),
      })
      const pipe = temporaryFolder()
      execFileSync('mkfifo', [join(pipe, 'k')])
      await expect(begin(pipe, overwrite)).rejects.toMatchObject({
        kind: 'exists',
        message: expect.stringMatching(/: is no plain file$/),
      })
    },
  )

  test('is refused at its beginning where its name is a link to nowhere, unless it may replace that', async () => {
    const folder = temporaryFolder()
    symlinkSync('nowhere', join(folder, 'k'))
    await expect(begin(folder, false)).rejects.toMatchObject({
      kind: 'exists',
      message: expect.stringMatching(/: is a symbolic link to what is not there$/),
    })
    const { upload } = await begin(folder, true)
    await upload.publish({ size: bytes.length, checksums: {} })
    expect(readFileSync(join(folder, 'k'))).toEqual(bytes)
  })
})
