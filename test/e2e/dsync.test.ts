import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { root, sh, startShell } from '../fakes/programs.ts'

// Sizes as steps of 10,000 bytes, and every kind of name that a tree may hold.
const tree = `
mkdir src && cd src
for i in 0 1 2 3 4 5 6 7; do head -c $((i * 10000)) /dev/urandom > "file $i"; done
printf x > $'line\\nbreak'; printf y > "quo'te\\" \\$HOME"; printf z > .hidden
mkdir -p empty nested/deep/er .zfs/snapshot; printf n > nested/deep/er/n; printf no > .zfs/snapshot/no
ln -s 'file 1' link; ln -s nowhere dangling; ln 'file 5' hard; ln nested/deep/er/n 'hard below'
truncate -s 4M hole; printf end >> hole
chmod 750 nested; chmod 500 empty; touch -d 2001-02-03 nested 'file 2'; chmod 640 'file 3'`

const lastEvent = (stdout: string) => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
const lacks = (program: string) => spawnSync(program, ['--version']).error !== undefined

describe.skipIf(lacks('rsync'))('dsync (rsync)', () => {
  let folder: string
  beforeEach(async () => {
    folder = temporaryFolder()
    expect(await sh(tree, folder)).toMatchObject({ status: 0, stderr: '' })
  })

  const run = (words: string) => sh(`dsync --working-dir work ${words}`, folder)

  /** What rsync would still do, by checksum: nothing for trees that are the same in all that it knows. */
  async function differences(destination = 'dst', flags = '-aAXHc') {
    const compare = `rsync -n -i ${flags} --delete --exclude=.zfs src/ ${destination}/`
    const { status, stdout } = await sh(compare, folder)
    expect(status).toBe(0)
    return stdout
  }

  it('copies every kind of name, and counts them', async () => {
    const { status, stdout, stderr } = await run('-n 3 src/ dst/')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(
      /^17 files and 4 folders found \(4\.\d+ MiB\): 17 copied \(4\.\d+ MiB, .*\/s\), 0 unchanged, 0 vanished, 0 failed\n$/,
    )
    expect(await differences()).toBe('')
    expect(existsSync(join(folder, 'dst/.zfs'))).toBe(false)
    expect((await sh('du -k dst/hole | cut -f1', folder)).stdout).toMatch(/^[0-8]\n$/)
    // Nothing of the run is left.
    expect(readdirSync(join(folder, 'work'))).toEqual([])
  })

  it('copies nothing twice, and mends what differs', async () => {
    await run('src dst')
    writeFileSync(join(folder, 'src/file 1'), 'other')
    chmodSync(join(folder, 'src/file 4'), 0o600)
    expect((await run('src dst')).stdout).toMatch(/: 1 copied \(5 B, .* 16 unchanged, 0 vanished, 0 failed/)
    expect(await differences()).toBe('')
  })

  it('--dry-run copies nothing, and tells what would be', async () => {
    const { status, stdout } = await run('--dry-run src dst')
    expect(status).toBe(0)
    expect(stdout).toMatch(/: 17 to copy /)
    expect(existsSync(join(folder, 'dst'))).toBe(false)
  })

  it('--verify finds a byte that differs, and says where', async () => {
    expect((await run('--verify checksum src dst')).stdout).toMatch(/\n17 files compared, all equal\n$/)
    await sh(`printf X | dd of='dst/file 7' bs=1 seek=9 conv=notrunc; touch -r 'src/file 7' 'dst/file 7'`, folder)
    expect((await run('--verify size src dst')).status).toBe(0)
    const { status, stderr } = await run('--verify checksum src dst')
    expect({ status, stderr }).toEqual({
      status: 65,
      stderr:
        'dsync: 1 of 17 files differ: file 7\n' +
        'dsync: hint: what differs in content alone is copied with --rsync-flags "-aAX --checksum"\n',
    })
  })

  it('--delete removes what the source has not, guarded by --max-delete', async () => {
    await run('src dst')
    await sh('mkdir dst/old; touch dst/old/a dst/b dst/.zfs', folder)
    expect((await run('--delete --dry-run src dst')).stdout).toMatch(/, 3 to delete\n$/)
    const guarded = await run('--delete --max-delete 2 src dst')
    expect(guarded).toMatchObject({ status: 73 })
    expect(guarded.stderr).toBe('dsync: 3 names would be deleted, and --max-delete is 2: none was\n')
    expect(existsSync(join(folder, 'dst/old/a'))).toBe(true)
    expect((await run('--delete --max-delete 3 src dst')).stdout).toMatch(/, 3 deleted\n$/)
    expect(await differences()).toBe('')
    // What is excluded is left alone.
    expect(existsSync(join(folder, 'dst/.zfs'))).toBe(true)
  })

  it('takes names from stdin', async () => {
    expect(
      (await sh('cd src && find . -name "file*" -print0 | dsync -0 --working-dir ../work - . ../dst', folder)).status,
    ).toBe(0)
    expect(readdirSync(join(folder, 'dst')).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((n) => `file ${n}`))
    const { status, stderr } = await sh('echo none | dsync --working-dir work - src dst', folder)
    expect(status).toBe(74)
    expect(stderr).toMatch(/^dsync: 1 not copied: cannot be read: ENOENT: none\n/)
  })

  it('--no-fpart deals the names at the top, those with a dot too', async () => {
    const { status, stdout } = await run('-n 4 --no-fpart src dst')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^17 files and 0 folders found .*: 17 copied .* 0 failed\n$/)
    expect(await differences('dst', '-aAXc')).toBe('')
  })

  it('--print writes a command for each part, and --reuse completes what they did', async () => {
    const { stdout } = await run('--print -n 2 src dst')
    expect(stdout.trimEnd().split('\n').length).toBe(2)
    expect(existsSync(join(folder, 'dst'))).toBe(false)
    expect(
      (await sh(`dsync --working-dir work -n 2 --print src dst | xargs -d '\\n' -P 2 -n 1 sh -c`, folder)).status,
    ).toBe(0)
    expect((await run('--reuse src dst')).stdout).toMatch(/: 0 copied .* 17 unchanged/)
    expect(await differences()).toBe('')
  })

  it('--json tells the counts, --log-output what the programs said', async () => {
    const { stdout } = await run('--json --log-output logs src dst')
    expect(lastEvent(stdout)).toMatchObject({
      schema: 1,
      event: 'end',
      found: { files: 17, folders: 4 },
      copied: 17,
      failed: 0,
    })
    const logs = readdirSync(join(folder, 'logs')).map((name) => readFileSync(join(folder, 'logs', name), 'utf8'))
    expect(logs.join('')).toContain('>f+++++++++ 70000 file 7\n')
  })

  it('does what the examples of its page do', async () => {
    const page = readFileSync(join(root, 'man/dsync.1'), 'utf8')
    const commands = [...page.matchAll(/^\.Dl \$ (.*)$/gm)].map(([, command = '']) => command.replaceAll('\\e', '\\'))
    expect(commands.length).toBe(4)
    for (const command of commands) {
      await sh('rm -rf dst', folder)
      const here = command.replaceAll(/(?<= )\/(src|dst)\b/g, `${folder}/$1`)
      const { status, stderr } = await sh(here.replace('dsync', 'dsync --working-dir work'), folder)
      expect({ command, status, stderr }).toEqual({ command, status: 0, stderr: '' })
      expect(readdirSync(join(folder, 'dst'))).toContain('file 7')
    }
  })

  it('says why nothing can be copied', async () => {
    const { status, stderr } = await run('none dst')
    expect(status).toBe(69)
    expect(stderr).toMatch(/^dsync: cannot stat .*none: no such file or directory\n$/)
    writeFileSync(join(folder, 'plain'), '')
    expect((await run('src plain')).status).toBe(73)
    expect((await run('src')).status).toBe(64)
    expect((await run('--rsync-flags=--nonsense src dst')).status).toBe(64)
    const without = await sh(
      `NODE=$(command -v node) DSYNC=$(command -v dsync); PATH=/none "$NODE" "$DSYNC" --working-dir work src dst`,
      folder,
    )
    expect(without).toMatchObject({ status: 69 })
    expect(without.stderr).toBe('dsync: rsync: no such program\ndsync: hint: install rsync\n')
  })

  it('retries a part whose rsync is killed', async () => {
    const shim = join(folder, 'shim')
    mkdirSync(shim)
    // The second rsync, which copies the first part, dies in its middle; all others are the real one.
    writeFileSync(
      join(shim, 'rsync'),
      `#!/bin/bash\ncount=$(cat ${shim}/count 2>/dev/null || echo 0); echo $((count + 1)) > ${shim}/count\n` +
        `[ "$count" = 1 ] && { head -c 20 >/dev/null; kill -9 $$; }\nexec ${(await sh('command -v rsync')).stdout.trim()} "$@"\n`,
    )
    chmodSync(join(shim, 'rsync'), 0o755)
    const { status, stdout, stderr } = await sh(`PATH=${shim}:$PATH dsync --working-dir work src dst`, folder)
    expect(status).toBe(0)
    expect(stderr).toMatch(/^dsync: part 1 is tried again \(1 of 3\): .*SIGKILL\n$/)
    expect(stdout).toMatch(/17 copied .* 0 failed/)
    expect(await differences()).toBe('')
  })

  it('names what cannot be copied, and copies the rest', async () => {
    // A name that is a folder with something in it cannot become a file.
    mkdirSync(join(folder, 'dst/file 2/full'), { recursive: true })
    const { status, stdout, stderr } = await run('--retries 1 src dst')
    expect(status).toBe(74)
    expect(stdout).toMatch(/: 16 copied .* 0 unchanged, 0 vanished, 1 failed\n$/)
    expect(stderr).toMatch(/dsync: 1 not copied: .*file 2/)
    expect(stderr).toMatch(/dsync: 1 of 17 files were not copied\n/)
  })

  describe('with a stand-in for ssh', () => {
    beforeEach(() => {
      // Runs the command here; the host "dead" cannot be reached, the host "dying" goes after its first command.
      writeFileSync(
        join(folder, 'ssh'),
        `#!/bin/bash\nhost=$1; shift\n` +
          `gone() { echo "ssh: connect to host $host: Connection refused" >&2; exit 255; }\n` +
          `[ "$host" = dead ] && gone\n` +
          `[ "$host" = dying ] && { mkdir ${folder}/dying 2>/dev/null || gone; }\n` +
          `echo "$host" >> ${folder}/hosts-used; exec sh -c "$*"\n`,
      )
      chmodSync(join(folder, 'ssh'), 0o755)
    })
    const over = (words: string) => run(`--ssh ${folder}/ssh ${words}`)

    it.each([
      ['to a host', 'src far:$PWD/dst'],
      ['from a host', 'far:$PWD/src dst'],
    ])('copies %s', async (_, places) => {
      const { status, stdout } = await over(places)
      expect(status).toBe(0)
      expect(stdout).toMatch(/^17 files and 4 folders found .*: 17 copied/)
      expect(await differences()).toBe('')
    })

    it('lets hosts copy, and gives the work of those that die to others', async () => {
      writeFileSync(join(folder, 'hosts'), 'dying\none\ndead # since Monday\ntwo\n')
      const { status, stdout, stderr } = await over('-n 4 --no-fpart --source-hosts hosts $PWD/src $PWD/dst')
      expect(status).toBe(0)
      expect(stdout).toMatch(/17 copied .* 0 failed/)
      expect(stderr).toMatch(
        /dsync: dying is lost, others do its work: ssh: connect to host dying: Connection refused\n/,
      )
      expect(await differences('dst', '-aAXc')).toBe('')
    })

    it('ends with 69 when no host can be reached', async () => {
      writeFileSync(join(folder, 'hosts'), 'dead\n')
      const { status, stderr } = await over('--hosts hosts $PWD/src $PWD/dst')
      expect(status).toBe(69)
      expect(stderr).toMatch(/^dsync: dead cannot be reached: /)
    })

    it('copies to hosts in turn', async () => {
      writeFileSync(join(folder, 'hosts'), 'one\ntwo\n')
      expect((await over('-n 2 --destination-hosts hosts src $PWD/dst')).status).toBe(0)
      expect(await differences()).toBe('')
    })
  })

  it('goes on after a kill, and copies no finished part again', async () => {
    await sh('for i in $(seq 9000); do echo $i > src/nested/$i; done', folder)
    const words = `--working-dir ${folder}/work -n 1 --bwlimit 200K ${folder}/src ${folder}/dst`
    const { child, ended } = startShell('dsync', `exec $PROGRAM ${words}`)
    const finished = () => {
      const [run = ''] = existsSync(join(folder, 'work')) ? readdirSync(join(folder, 'work')) : []
      const file = join(folder, 'work', run, 'finished')
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0
    }
    while (finished() < 1 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGKILL')
    await ended
    await sh(`while pgrep -f '${folder}/[d]st' >/dev/null; do sleep 0.05; done`)
    const { status, stdout } = await run(`--reuse --json ${folder}/src ${folder}/dst`)
    expect(status).toBe(0)
    expect(lastEvent(stdout)).toMatchObject({ found: { files: 9017 }, failed: 0, vanished: 0 })
    expect(await differences()).toBe('')
  })

  it('a second dsync on the same tree ends with 75', async () => {
    const places = `${folder}/src ${folder}/dst`
    await sh('head -c 3000000 /dev/urandom > src/large', folder)
    const first = startShell('dsync', `exec $PROGRAM --working-dir ${folder}/work -n 1 --bwlimit 100K ${places}`)
    while (!existsSync(join(folder, 'dst/file 1')) && first.child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const { status, stderr } = await run(places)
    expect(status).toBe(75)
    expect(stderr).toMatch(/^dsync: another dsync copies this tree already/)
    first.child.kill('SIGTERM')
    expect((await first.ended).status).toBe(143)
  })

  describe('by rclone', () => {
    it.skipIf(lacks('rclone'))('copies files, folders and links to a remote (rclone)', async () => {
      const { status, stdout } = await run('-n 2 --cloud src :local:$PWD/dst')
      expect(status).toBe(0)
      expect(stdout).toMatch(/^17 files and 4 folders found .*: 17 copied .* 0 failed\n$/)
      expect(await differences('dst', '-rlc')).toBe('')
      expect((await run('-n 2 --cloud --verify checksum src :local:$PWD/dst')).stdout).toMatch(
        /: 0 copied .* 17 unchanged/,
      )
    })

    it.skipIf(lacks('rclone'))('names what a remote cannot keep (rclone)', async () => {
      await sh('mkfifo src/fifo', folder)
      const { status, stderr } = await run('--cloud src :local:$PWD/dst')
      expect(status).toBe(74)
      expect(stderr).toMatch(/^dsync: 1 not copied: special files cannot be kept there\n/)
    })

    it.skipIf(lacks('rclone'))('deletes what the source has not (rclone)', async () => {
      await run('--cloud src :local:$PWD/dst')
      writeFileSync(join(folder, 'dst/extra'), 'x')
      expect((await run('--cloud --delete src :local:$PWD/dst')).stdout).toMatch(/, 1 deleted\n$/)
      expect(await differences('dst', '-rlc')).toBe('')
    })
  })
})
