import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { sh } from '../fakes/programs.ts'
import { smallTree } from '../fakes/small-tree.ts'

const lacks = (program: string) => spawnSync(program, ['--version']).error !== undefined

describe.skipIf(lacks('rsync') || process.getuid?.() !== 0)('dsync as another user (rsync, root)', () => {
  let folder: string

  const asUser = (home: string, words: string) =>
    sh(`setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=${home} dsync ${words}`, folder)
  const asNobody = (words: string) => asUser('/', `--working-dir nobody ${words}`)
  beforeEach(async () => {
    folder = smallTree()
    await sh('chmod 755 .; mkdir nobody; chown 65534:65534 nobody', folder)
  })

  it('a destination that cannot be written ends with 77', async () => {
    mkdirSync(join(folder, 'dst'))
    expect(await asNobody('src dst')).toMatchObject({ status: 77 })
    expect(await asNobody('src none/below')).toMatchObject({ status: 77 })
  })

  it('one whose home is not his own is told of --working-dir', async () => {
    const refused = (call: string) => ({
      status: 77,
      stdout: '',
      stderr: `dsync: no working directory: cannot ${call} ${folder}/dsync_working: permission denied
dsync: hint: --working-dir DIR keeps the lists and the books of the run elsewhere
`,
    })
    expect(await asUser(folder, 'src nobody/dst')).toEqual(refused('mkdir'))
    mkdirSync(join(folder, 'dsync_working'))
    expect(await asUser(folder, 'src nobody/dst')).toEqual(refused('access'))
  })

  it('a folder that may not be written takes the files of many parts, and is closed at last', async () => {
    await sh('for i in $(seq 6000); do echo $i > src/d/$i; done; chmod 555 src/d', folder)
    const { status, stderr } = await asNobody('-n 4 --rsync-flags=-rlpt src nobody/dst')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect((await sh('ls nobody/dst/d | wc -l; stat -c %a nobody/dst/d', folder)).stdout).toBe('6001\n555\n')
  })

  it('many folders are dated and closed by several rsync at the same time', async () => {
    const tree = [
      'for i in $(seq 150); do mkdir -p "src/$((i % 9))/folder $i/empty"; done',
      'for i in $(seq 1 3 150); do echo $i >"src/$((i % 9))/folder $i/f"; chmod 555 "src/$((i % 9))/folder $i"; done',
      'find src -depth -type d -exec touch -d @1000000000 {} +; chmod 555 src/3',
      'printf \'#!/bin/sh\nshift; echo "$*" >>nobody/calls; exec sh -c "$*"\n\' >ssh; chmod 755 ssh',
    ]
    await sh(tree.join('\n'), folder)
    const { status, stderr } = await asNobody('-n 4 --ssh $PWD/ssh --rsync-flags=-rlpt far:$PWD/src nobody/dst')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect((await sh('rsync -n -i -rlptc --delete src/ nobody/dst/', folder)).stdout).toBe('')
    // One for the few files at least, four for the folders.
    const { stdout } = await sh("grep -c '^rsync.*R' nobody/calls", folder)
    expect(Number(stdout)).toBeGreaterThanOrEqual(5)
  })

  it('a file and a folder that cannot be read are named, and the rest is copied', async () => {
    await sh('chmod 600 src/a; mkdir src/closed; touch src/closed/x; chmod 700 src/closed', folder)
    const { status, stdout, stderr } = await asNobody('--retries 0 --rsync-flags=-rlpt src nobody/dst')
    expect(status).toBe(74)
    expect(stdout).toMatch(/: 1 copied .* 1 failed\n$/)
    expect(stderr).toMatch(/cannot be read: EACCES: closed\n/)
    expect(stderr).toMatch(/Permission denied.*: a\n/)
  })

  it('a full disk ends with 74, and counts what was not copied', async () => {
    await sh('head -c 3000000 /dev/urandom > src/large; mkdir disk; mount -t tmpfs -o size=1M none disk', folder)
    onTestFinished(() => void spawnSync('umount', [join(folder, 'disk')]))
    const { status, stdout, stderr } = await sh('dsync --working-dir work --retries 0 src disk/dst', folder)
    expect(status).toBe(74)
    expect(stdout).toMatch(/ [1-3] failed\n$/)
    expect(stderr).toMatch(/No space left on device/)
  })
})
