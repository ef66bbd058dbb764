import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { sh } from '../fakes/programs.ts'
import { smallTree } from '../fakes/small-tree.ts'

const lacksRsync = spawnSync('rsync', ['--version']).error !== undefined

describe.skipIf(lacksRsync)('dsync --reuse (rsync)', () => {
  let folder: string
  beforeEach(() => {
    folder = smallTree()
  })

  const run = (words: string) => sh(`dsync --working-dir work ${words}`, folder)

  async function differences() {
    const { status, stdout } = await sh(`rsync -n -i -aAXHc --delete src/ dst/`, folder)
    expect(status).toBe(0)
    return stdout
  }

  it('goes on with no run from another folder, of another list, or that was dry', async () => {
    const unfinished = 'mkdir -p dst/a/full'
    await sh(unfinished, folder)
    // One that fails leaves its books.
    expect((await run('--retries 0 --dry-run src dst')).status).toBe(74)
    await sh('rm -rf dst', folder)
    expect((await run('--reuse src dst')).stdout).toMatch(/: 2 copied /)
    await sh(`rm -rf dst; ${unfinished}; echo a | dsync --retries 0 --working-dir work - src dst`, folder)
    await sh('rm -rf dst', folder)
    expect((await run('--reuse src dst')).stdout).toMatch(/: 2 copied /)
    await sh(`rm -rf dst; ${unfinished}; dsync --retries 0 --working-dir work src dst`, folder)
    const other = 'mkdir -p other/src; echo x > other/src/x; cd other; dsync --working-dir ../work --reuse src dst'
    expect((await sh(other, folder)).stdout).toMatch(/^1 files .*: 1 copied /)
  })

  it('copies what the list names that comes, not the one of before', async () => {
    await sh('echo a | dsync --working-dir work --print - src dst', folder)
    const ended = await sh('echo d/b | dsync --working-dir work --reuse - src dst', folder)
    expect(ended).toMatchObject({ status: 0, stdout: expect.stringMatching(/^1 files .*: 1 copied /) })
    expect(existsSync(join(folder, 'dst/d/b'))).toBe(true)
  })

  it('takes nothing for copied that went to another destination at the same place', async () => {
    // What has two names is a part of its own: it fails, and the other is finished.
    await sh('ln src/d/b src/d/c; mkdir -p dst/d/b/full', folder)
    const { status, stdout } = await run('--retries 0 src dst')
    expect({ status, stdout }).toEqual({ status: 74, stdout: expect.stringMatching(/: 2 copied .* 1 failed/) })
    await sh('mv dst other; mkdir dst', folder)
    expect((await run('--reuse src dst')).status).toBe(0)
    expect(await differences()).toBe('')
  })

  it('walks again where another source is at the same place', async () => {
    await sh('mkdir -p dst/a/full', folder)
    expect((await run('--retries 0 src dst')).status).toBe(74)
    await sh('rm -r dst/a; mv src before; mkdir -p src/e; echo new > src/e/f', folder)
    expect(await run('--reuse src dst')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^1 files .*1 copied/),
    })
    expect((await sh('cat dst/e/f', folder)).stdout).toBe('new\n')
  })
})
