import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { sh } from '../fakes/programs.ts'
import { smallTree } from '../fakes/small-tree.ts'

const lacksRsync = spawnSync('rsync', ['--version']).error !== undefined

describe.skipIf(lacksRsync)('dsync --delete (rsync)', () => {
  let folder: string
  beforeEach(() => {
    folder = smallTree()
  })

  const run = (words: string) => sh(`dsync --working-dir work ${words}`, folder)

  it('deletes nothing where nothing is of the source: it is not mounted, or the destination is no copy', async () => {
    await sh('mkdir empty other; touch other/one other/two; cp -a src dst', folder)
    for (const places of ['empty dst', 'src other']) {
      const { status, stderr } = await run(`--delete ${places}`)
      expect({ places, status }).toEqual({ places, status: 73 })
      expect(stderr).toMatch(/^dsync: nothing in .* is in .*: it is no copy of it, and all would be deleted\n/)
    }
    expect((await sh('ls other dst/d', folder)).stdout).toBe('dst/d:\nb\n\nother:\none\ntwo\n')
    // A user who means it says how much.
    expect((await run('--delete --max-delete 3 empty dst')).stdout).toMatch(/, 3 deleted\n$/)
  })

  it.each([
    ['another host', '--ssh $PWD/ssh', 'far:$PWD/other'],
    ['a remote of rclone', '--cloud', ':local:$PWD/other'],
  ])('nor on %s', async (_, words, other) => {
    await sh(
      'printf \'#!/bin/bash\nshift; exec sh -c "$*"\n\' >ssh; chmod +x ssh; mkdir other; touch other/one',
      folder,
    )
    const { status, stderr } = await run(`${words} --delete src ${other}`)
    expect({ status, stderr }).toEqual({ status: 73, stderr: expect.stringContaining('it is no copy of it') })
    expect((await sh('ls other', folder)).stdout).toBe('one\n')
    await sh('touch other/a', folder)
    expect((await run(`${words} --delete src ${other}`)).stdout).toMatch(/, 1 deleted\n$/)
  })

  it.each(['', '--cloud'])('in a dry run finds nothing to delete where no destination is yet %s', async (words) => {
    expect(await run(`${words} --delete --dry-run src none`)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/, 0 to delete\n$/),
    })
    expect(existsSync(join(folder, 'none'))).toBe(false)
  })

  it('keeps what is excluded by any sign at a remote of rclone too', async () => {
    await sh('mkdir other; touch other/a other/kept', folder)
    expect((await run("--exclude '[!ad]*' --delete --cloud src :local:$PWD/other")).status).toBe(0)
    expect((await sh('ls other', folder)).stdout).toBe('a\nd\nkept\n')
  })

  it('deletes no more than the source has, unless it is told how much', async () => {
    await sh('mkdir -p dst/a.d; cp -a src/a dst; for i in 1 2 3 4; do touch dst/$i; done', folder)
    const { status, stderr } = await run('--delete src dst')
    expect(status).toBe(73)
    expect(stderr).toBe(
      'dsync: 5 names would be deleted, more than the 3 that the source has: none was\n' +
        'dsync: hint: if that is meant, give --max-delete=5\n',
    )
    expect((await run('--delete --dry-run src dst')).stdout).toMatch(/, 5 to delete\n$/)
    expect((await run('--delete --max-delete=5 src dst')).stdout).toMatch(/, 5 deleted\n$/)
    expect((await sh('rsync -n -i -aAXHc --delete src/ dst/', folder)).stdout).toBe('')
  })

  it.each([
    // Nothing was extra: all that is there is no more than the source has had.
    ['as it looks what is extra', '--dry-run', 'd', 69, /src is another folder than when the copy began/],
    ['as it deletes', '--max-delete=', 'extra', 74, /deleting: Deletions stopped due to --max-delete limit/],
  ])('keeps the copy of a source that is unmounted %s', async (_, word, name, status, said) => {
    await sh(`mkdir path; touch src/1 src/2 src/3; cp -a src dst; touch dst/${name}`, folder)
    // As an unmounted disk leaves it: the folder is there, and nothing in it.
    const rsync = `#!/bin/sh
      case "$*" in *--delete*) case "$*" in *${word}*) mv src mounted; mkdir src ;; esac ;; esac
      exec "$RSYNC" "$@"\n`
    writeFileSync(join(folder, 'path/rsync'), rsync, { mode: 0o755 })
    const command = 'export RSYNC=$(command -v rsync); PATH=$PWD/path:$PATH dsync --working-dir work --delete src dst'
    const ended = await sh(command, folder)
    expect(ended).toMatchObject({ status, stderr: expect.stringMatching(said) })
    const left = (await sh('find dst -type f', folder)).stdout.trim().split('\n')
    // No more than one has gone: so many were extra.
    expect(left.length).toBeGreaterThanOrEqual(5)
  })

  it('leaves its own folders alone where they lie in the destination', async () => {
    await run('src dst')
    await sh('touch dst/d/old; mkdir -p dst/books/other dst/logs; touch dst/logs/earlier', folder)
    const { status, stdout } = await sh(
      'dsync --delete --verify size --working-dir dst/books --log-output dst/logs src dst',
      folder,
    )
    expect({ status, stdout: / 1 deleted\n2 files compared/.test(stdout) }).toEqual({ status: 0, stdout: true })
    expect((await sh('ls dst/books; ls dst/logs', folder)).stdout).toMatch(/^other\nearlier\n/)
  })

  it('deletes nothing when something could not be copied', async () => {
    await sh('mkdir -p dst/a/full; touch dst/extra', folder)
    const { status, stderr } = await run('--delete --retries 0 src dst')
    expect(status).toBe(74)
    expect(existsSync(join(folder, 'dst/extra'))).toBe(true)
    expect(stderr).toMatch(/hint: a folder that is not empty has that name: .* add --force to --rsync-flags\n$/)
    const ended = await run("--delete --rsync-flags '-aAX --force' src dst")
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect((await sh('rsync -n -i -aAXHc --delete src/ dst/', folder)).stdout).toBe('')
  })

  it('with a list of names needs to be told how much', async () => {
    expect(await sh('echo a | dsync --working-dir work --delete - src dst', folder)).toMatchObject({ status: 64 })
  })

  it('goes through a root that is a symbolic link, and keeps the link', async () => {
    await sh('mkdir real; touch real/a real/extra; ln -s real dst; ln -s src from', folder)
    expect(await run('--delete from dst')).toMatchObject({ status: 0 })
    expect((await sh('readlink dst; ls real', folder)).stdout).toBe('real\na\nd\n')
  })
})
