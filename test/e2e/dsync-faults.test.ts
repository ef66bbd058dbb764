import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { sh, startShell } from '../fakes/programs.ts'
import { smallTree } from '../fakes/small-tree.ts'

const lacks = (program: string) => spawnSync(program, ['--version']).error !== undefined
const isRoot = process.getuid?.() === 0

describe.skipIf(lacks('rsync'))('dsync, when things go wrong (rsync)', () => {
  let folder: string
  beforeEach(() => {
    folder = smallTree()
  })

  const run = (words: string) => sh(`dsync --working-dir work ${words}`, folder)

  async function differences(flags = '-aAXHc') {
    const { status, stdout } = await sh(`rsync -n -i ${flags} --delete src/ dst/`, folder)
    expect(status).toBe(0)
    return stdout
  }

  // Each of these means something in a list of rsync's or rclone's, to a shell or as an option.
  const oddNames = ['#a', ';b', '-n', ' lead', 'trail ', 'back\\slash', '~t', 'cr\r', 'nl\nx', '[x]', '*', '!', '+ p']

  it.each(['', '--no-fpart'])('copies names that mean something to rsync %s', async (flag) => {
    for (const name of oddNames) writeFileSync(join(folder, 'src', name), name)
    const { status, stdout } = await run(`${flag} src dst`)
    expect(status).toBe(0)
    expect(stdout).toMatch(/: 15 copied .* 0 unchanged, 0 vanished, 0 failed/)
    expect(await differences()).toBe('')
  })

  it.skipIf(lacks('rclone'))('copies names that mean something to rclone (rclone)', async () => {
    for (const name of oddNames) writeFileSync(join(folder, 'src', name), name)
    const { status, stdout } = await run('--cloud src :local:$PWD/dst')
    expect(status).toBe(0)
    expect(stdout).toMatch(/: 15 copied .* 0 vanished, 0 failed/)
    expect(await differences('-rlc')).toBe('')
  })

  it.skipIf(lacks('rclone'))('copies all others where rclone cannot be told a name (rclone)', async () => {
    await sh(`printf x > "src/$(printf 'n\\nl\\377')"; printf y > "src/$(printf 'caf\\351')"`, folder)
    const { status, stdout, stderr } = await run('--retries 0 --cloud src :local:$PWD/dst')
    expect({ status, stdout }).toEqual({ status: 74, stdout: expect.stringMatching(/: 3 copied .* 1 failed/) })
    expect(stderr).toMatch(/^dsync: 1 not copied: a line break, and bytes that are no UTF-8, rclone .*: n/)
    expect((await sh('ls dst | wc -l; cat dst/d/b', folder)).stdout).toBe('3\nb')
  })

  it.skipIf(lacks('rclone'))('refuses --no-fpart with rclone, which would copy nothing (rclone)', async () => {
    expect(await run('--cloud --no-fpart src :local:$PWD/dst')).toMatchObject({ status: 64 })
  })

  it('tells names that a program passed over from those that have vanished', async () => {
    const real = (await sh('command -v rsync')).stdout.trim()
    mkdirSync(join(folder, 'shim'))
    // Says nothing, and copies all but what is called "a".
    writeFileSync(
      join(folder, 'shim/rsync'),
      `#!/bin/bash\ncase "$*" in *--files-from=-*) exec ${real} --exclude=/a "$@";; esac\nexec ${real} "$@"\n`,
    )
    chmodSync(join(folder, 'shim/rsync'), 0o755)
    const { status, stdout, stderr } = await sh(
      'PATH=$PWD/shim:$PATH dsync --working-dir work --retries 0 src dst',
      folder,
    )
    expect(status).toBe(74)
    expect(stdout).toMatch(/: 1 copied .* 0 vanished, 1 failed/)
    expect(stderr).toMatch(/^dsync: 1 not copied: 1 names are there, and were passed over: a\n/)
  })

  it('does not copy its own working folder', async () => {
    const { status, stdout } = await sh('dsync --working-dir src/work src dst', folder)
    expect(status).toBe(0)
    expect(stdout).toMatch(/^2 files and 1 folders found/)
    expect(readdirSync(join(folder, 'dst')).sort()).toEqual(['a', 'd'])
  })

  it.each([
    ['--no-fpart', 'dst'],
    ['--cloud', ':local:$PWD/dst'],
  ])('does not copy it either where it lies deeper (%s)', async (flag, destination) => {
    const command = `dsync ${flag} --working-dir 'src/d/w[o]r\\k' src ${destination}`
    const { status, stdout } = await sh(`ln -s a src/link; ${command}`, folder)
    expect(status).toBe(0)
    expect(stdout).toMatch(/^3 files .* 3 copied .* 0 vanished, 0 failed/)
    expect((await sh('find dst -type f | sort', folder)).stdout).toMatch(
      /^dst\/a\ndst\/d\/b\n(dst\/link.rclonelink\n)?$/,
    )
  })

  it('copies nothing that is excluded, whatever the flags', async () => {
    await sh('mkdir src/d/.zfs; touch src/d/.zfs/x', folder)
    expect((await run('--rsync-flags=-rlpt src dst')).status).toBe(0)
    expect(readdirSync(join(folder, 'dst/d'))).toEqual(['b'])
  })

  it.each([
    ...['-n', '-aqX', '--dry-run', '--list-only', '--delete-after', '--remove-source-files', '--no-relative'],
    ...[
      '--safe-links',
      '-V',
      '--version',
      '--only-write-batch=batch',
      '--remove-sent-files',
      '--existing',
      '--max-size=1',
    ],
  ])('refuses flags with which nothing would be seen: %s', async (flag) => {
    expect(await run(`--rsync-flags="-aAX ${flag}" src dst`)).toMatchObject({ status: 64 })
    expect(readFileSync(join(folder, 'src/d/b'), 'utf8')).not.toBe('')
  })

  it('names links and special files that the flags do not keep', async () => {
    await sh('ln -s a src/link; mkfifo src/d/pipe', folder)
    const { status, stdout, stderr } = await run('--rsync-flags=-rtp src dst')
    expect({ status, stdout }).toMatchObject({ status: 74, stdout: expect.stringContaining('2 copied') })
    expect(stderr).toMatch(/^dsync: 2 not copied: links or special files.*: (link, d\/pipe|d\/pipe, link)$/m)
    expect(stderr).toMatch(/^dsync: hint: add -l and -D to --rsync-flags/m)
  })

  it.skipIf(!isRoot)('names its own file that the disk has no room for (root)', async () => {
    await sh('mkdir small; mount -t tmpfs -o size=8K none small; head -c 8192 /dev/zero > small/x', folder)
    onTestFinished(() => void spawnSync('umount', [join(folder, 'small')]))
    const books = await sh('dsync --working-dir small src dst', folder)
    expect(books).toMatchObject({
      status: 74,
      stderr: expect.stringMatching(/^dsync: cannot write .*small\/dsync-.*: no space/),
    })
    const log = await run('--log-output small src dst')
    expect(log).toMatchObject({
      status: 74,
      stderr: expect.stringMatching(/^dsync: cannot write small\/part.1.log: no space/),
    })
  })

  it('believes no program that ends well and tells nothing', async () => {
    await sh("mkdir bin; printf '#!/bin/sh\ncat >/dev/null\n' >bin/rsync; chmod +x bin/rsync", folder)
    const ended = await sh('PATH=$PWD/bin:$PATH; dsync --working-dir work src dst', folder)
    expect(ended).toMatchObject({ status: 76, stderr: expect.stringContaining('did not tell what it has done') })
  })

  it('refuses a list of hosts without one', async () => {
    writeFileSync(join(folder, 'hosts'), '# none\n')
    const { status, stderr } = await run('--hosts hosts src dst')
    expect(status).toBe(64)
    expect(stderr).toMatch(/^dsync: hosts: names no host\n/)
  })

  it('a name that cannot be read is a failure to --print and --reuse too', async () => {
    for (const flag of ['', '--reuse', '--print', '--reuse']) {
      const { status, stderr } = await sh(`echo none | dsync --working-dir work ${flag} - src dst`, folder)
      expect({ flag, status }).toEqual({ flag, status: 74 })
      expect(stderr).toMatch(/^dsync: 1 not copied: cannot be read: ENOENT: none\n/)
    }
  })

  it('--no-fpart with --reuse counts what finished parts hold', async () => {
    await sh('mkdir src/e; touch src/e/1 src/e/2 src/e/3; mkdir -p dst/a/full', folder)
    expect((await run('--no-fpart --retries 0 src dst')).stdout).toMatch(/^5 files .* 4 copied .* 0 vanished, 1 failed/)
    await sh('rm -r dst/a', folder)
    expect((await run('--no-fpart --reuse src dst')).stdout).toMatch(/^5 files .* 0 vanished, 0 failed/)
  })

  it('refuses folders that lie in each other', async () => {
    expect((await run('src src/d/new')).stderr).toMatch(/^dsync: the destination .*src\/d\/new lies in the source/)
    expect((await run('--delete src/d src')).stderr).toMatch(/^dsync: the source .*src\/d lies in the destination/)
    expect((await run('src ./src')).status).toBe(64)
    await sh('ln -s src other', folder)
    expect((await run('src other/d')).status).toBe(64)
    expect(existsSync(join(folder, 'src/d/b'))).toBe(true)
  })

  it.each(['d/b', 'a\\b', '[[:alpha:]]', '[!]', '[]a]', '[a', '[z-a]'])('refuses the pattern %s', async (pattern) => {
    expect(await run(`--exclude '${pattern}' src dst`)).toMatchObject({ status: 64 })
  })

  it('copies folders as a whole without what is excluded in them', async () => {
    await sh('for i in $(seq 40); do touch src/d/$i src/$i; done; touch src/x.o src/d/y.o; mkdir src/d/z.o', folder)
    const { status, stdout } = await run("--exclude '*.o' --verify size src dst")
    expect(status).toBe(0)
    expect(stdout).toMatch(/^82 files and 1 folders .*: 82 copied .* 0 failed\n82 files compared, all equal\n$/)
    expect((await sh('find dst -name "*.o"', folder)).stdout).toBe('')
    expect((await sh('rm src/*.o; rm -r src/d/*.o; rsync -n -i -rc --delete src/ dst/', folder)).stdout).toBe('')
  })

  it.skipIf(!isRoot)('--delete with destination hosts leaves this machine alone (root)', async () => {
    // On the other host, far/ is another folder than here.
    const there = `mount --bind ${folder}/real ${folder}/far && exec sh -c "$1"`
    writeFileSync(join(folder, 'ssh'), `#!/bin/bash\nshift\nexec unshare -m sh -c '${there}' - "$*"\n`)
    chmodSync(join(folder, 'ssh'), 0o755)
    await sh('mkdir -p far/dst real/dst; touch far/dst/mine real/dst/extra real/dst/a; echo one > hosts', folder)
    const { status, stdout } = await run('--ssh $PWD/ssh --delete --destination-hosts hosts src $PWD/far/dst/')
    expect({ status, stdout: stdout.includes('1 deleted') }).toEqual({ status: 0, stdout: true })
    expect(readdirSync(join(folder, 'far/dst'))).toEqual(['mine'])
    expect(readdirSync(join(folder, 'real/dst')).sort()).toEqual(['a', 'd'])
  })

  it('an rsync does not outlive a dsync that is killed', async () => {
    await sh('head -c 3000000 /dev/urandom > src/large', folder)
    const places = `${folder}/src ${folder}/dst`
    const { child, ended } = startShell('dsync', `exec $PROGRAM --working-dir ${folder}/work --bwlimit 100K ${places}`)
    while (!existsSync(join(folder, 'dst/a')) && child.exitCode === null) await sleep(20)
    child.kill('SIGKILL')
    await ended
    // Alone it would need 30 s.
    const isGone = async () => expect((await sh(`pgrep -f '${folder}/[d]st'`)).stdout).toBe('')
    await vi.waitFor(isGone, { timeout: 10_000 })
    // No half of a file is left, and the next run does the whole.
    expect(readdirSync(join(folder, 'dst')).filter((name) => name.startsWith('.'))).toEqual([])
    expect((await run(places)).status).toBe(0)
    expect(await differences()).toBe('')
  })

  it('killed at any instant, the next run completes the copy', { timeout: 180_000 }, async () => {
    await sh('for i in $(seq 3000); do echo $i > src/d/$i; done; ln src/d/1 src/hard', folder)
    const places = `${folder}/src ${folder}/dst`
    for (let round = 0; round < 6; round += 1) {
      await sh('rm -rf dst', folder)
      const flags = round % 2 === 0 ? '--reuse' : ''
      for (let kills = 0; kills < 2; kills += 1) {
        const program = startShell('dsync', `exec $PROGRAM -q -n 2 --working-dir ${folder}/work ${flags} ${places}`)
        await Promise.race([sleep(50 + Math.random() * 700), program.ended])
        program.child.kill('SIGKILL')
        await program.ended
      }
      const { status, stderr } = await run(`-n 2 ${flags} ${places}`)
      expect({ round, status, stderr }).toEqual({ round, status: 0, stderr: '' })
      // An rsync that was killed may leave what it was writing, under a name of its own.
      const others = (await differences()).split('\n').filter((line) => !/^\*deleting .*\/\.[^/]+\.\w{6}$/.test(line))
      expect(others.join('\n')).toBe('')
    }
  })

  it('names what vanishes and what changes while it is copied', async () => {
    await sh('for i in $(seq 200); do head -c 5000 /dev/urandom > src/d/$i; done', folder)
    const program = startShell(
      'dsync',
      `exec $PROGRAM --working-dir ${folder}/work --bwlimit 1M ${folder}/src ${folder}/dst`,
    )
    while (!existsSync(join(folder, 'dst/d')) && program.child.exitCode === null) await sleep(10)
    await sh('rm -f src/d/1*; for i in 2 3 4 5; do echo grown >> src/d/$i; done', folder)
    const { status, stdout } = await program.ended
    expect(status).toBe(0)
    expect(stdout).toMatch(/^202 files .* 0 failed\n$/)
    await run('--delete --max-delete 300 src dst')
    expect(await differences()).toBe('')
  })
})

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
