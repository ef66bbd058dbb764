import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { sh } from '../fakes/programs.ts'
import { serveByRclone } from '../fakes/rclone-serve.ts'

const lacks = (program: string) => spawnSync(program, ['--version']).error !== undefined

describe.skipIf(lacks('rsync'))('dsync (rsync)', () => {
  let folder: string
  beforeEach(() => {
    folder = temporaryFolder()
    mkdirSync(join(folder, 'src/d'), { recursive: true })
    for (const name of ['a', 'b', 'd/c']) writeFileSync(join(folder, 'src', name), name)
  })

  const script = (name: string, lines: readonly string[]) => {
    writeFileSync(join(folder, name), `#!/bin/bash\n${lines.join('\n')}\n`)
    chmodSync(join(folder, name), 0o755)
  }

  // Each of these would wait for a minute, and then be seen to fail.
  const waitForCopy = 'for i in $(seq 600); do [ -e dst/a ] && break; sleep 0.1; done; [ -e dst/a ] || exit 3'

  it('copies what a slow walk on another host has found, while it goes on', { timeout: 90_000 }, async () => {
    const entry = (name: string) => `printf 'f\\t1\\t1\\t1:2\\t8\\t${name}\\0'`
    const slow = [entry('a'), 'sleep 0.5', entry('b'), waitForCopy, entry('d/c'), 'exit 0']
    script('ssh', ['shift', 'case "$*" in *find*) ', ...slow, ';; esac', 'exec sh -c "$*"'])
    const { status, stdout } = await sh('dsync --ssh ./ssh --working-dir work far:$PWD/src dst', folder)
    expect({ status, copied: / 3 copied .* 0 failed/.test(stdout) }).toEqual({ status: 0, copied: true })
  })

  it.each([
    ['src/a dst', 64, 'src/a: is no folder'],
    ['none dst', 69, 'none: no such file or directory'],
    // As of variables that are not set.
    ['"" dst', 64, 'the source or the destination is empty'],
    ['src ""', 64, 'the source or the destination is empty'],
    ['-n 100000 src dst', 64, "'100000' is too many: 1000"],
  ])('makes no destination for %s', async (places, status, said) => {
    const ended = await sh(`dsync --working-dir work ${places}`, folder)
    expect(ended).toMatchObject({ status, stderr: expect.stringContaining(said) })
    expect(readdirSync(folder)).toEqual(['src'])
  })

  it('ends where its working directory cannot be made', async () => {
    // Node's own way to make all of a path would try for ever there.
    const ended = await sh('timeout -s KILL 20 dsync --working-dir /proc/none/x src dst', folder)
    expect(ended).toMatchObject({ status: 69, stderr: expect.stringContaining('cannot mkdir /proc/none') })
  })

  it('takes no list with NULs for one with lines', async () => {
    const ended = await sh("printf 'a\\0d/b\\0' | dsync --working-dir work - src dst", folder)
    expect(ended).toMatchObject({ status: 64, stderr: expect.stringContaining('hint: give --null') })
  })

  it('names the links that lead nowhere, where the flags follow links', async () => {
    await sh('ln -s nowhere src/dangling; ln -s a src/link', folder)
    const { status, stderr } = await sh('dsync --working-dir work --retries 0 --rsync-flags=-rtL src dst', folder)
    expect(status).toBe(74)
    expect(stderr).toMatch(/^dsync: 1 not copied: 1 names are there, and were passed over: dangling\n/)
  })

  it.each(['dead\\nfar', 'far\\ndead'])('copies by the hosts that can be reached: %s', async (hosts) => {
    // What rsync sees of it first is chance.
    const dead = 'printf "ssh: connect to host dead: Connection refused\\r\\n" >&2; exit 255'
    script('ssh', ['host=$1; shift', `[ "$host" = dead ] && { ${dead}; }`, 'exec sh -c "$*"'])
    const words = '-n 2 --ssh $PWD/ssh --working-dir work --destination-hosts hosts src $PWD/dst'
    const { status, stdout } = await sh(`printf '${hosts}\\n' >hosts; dsync ${words}`, folder)
    expect({ status, copied: / 3 copied .* 0 failed/.test(stdout) }).toEqual({ status: 0, copied: true })
  })

  it('copies what a slow list has named, while it goes on', { timeout: 90_000 }, async () => {
    const slow = `printf 'a\\n'; sleep 0.5; printf 'b\\n'; ${waitForCopy}; printf 'd/c\\n'`
    const { status, stdout } = await sh(`(${slow}) | dsync --working-dir work - src dst`, folder)
    expect({ status, copied: / 3 copied .* 0 failed/.test(stdout) }).toEqual({ status: 0, copied: true })
  })

  it('copies to the folder of the same name on other hosts, and prints no commands for them', async () => {
    script('ssh', ['shift', 'exec sh -c "$*"'])
    writeFileSync(join(folder, 'hosts'), 'far\n')
    const words = '--ssh $PWD/ssh --working-dir work --destination-hosts hosts'
    expect(await sh(`dsync ${words} $PWD/src $PWD/src`, folder)).toMatchObject({ status: 0 })
    expect(await sh(`dsync ${words} --print $PWD/src $PWD/dst`, folder)).toMatchObject({ status: 64, stdout: '' })
  })

  it.skipIf(lacks('rclone'))('knows a remote of rclone, and asks where it may be a host too (rclone)', async () => {
    const run = (words: string) =>
      sh(`dsync --working-dir work ${words}`, folder, { RCLONE_CONFIG_OFFSITE_TYPE: 'local' })
    expect(await run('src offsite:dst')).toMatchObject({ status: 0 })
    expect(readdirSync(join(folder, 'dst')).sort()).toEqual(['a', 'b', 'd'])
    const { status, stderr } = await run('src offsite:/dst')
    expect({ status, stderr }).toEqual({
      status: 64,
      stderr:
        "dsync: offsite:/dst: 'offsite' is a remote of rclone's, and this is how a folder of a host is written\n" +
        'dsync: hint: give --cloud for the remote, or write user@offsite:/dst for the host\n',
    })
  })

  const remotes = {
    sftp: (port: number) => ({ HOST: '127.0.0.1', PORT: String(port), USER: 'me', PASS: obscured('secret') }),
    webdav: (port: number) => ({ URL: `http://127.0.0.1:${port}`, USER: 'me', PASS: obscured('secret') }),
  } as const
  const obscured = (word: string) => spawnSync('rclone', ['obscure', word], { encoding: 'utf8' }).stdout.trim()

  it.skipIf(lacks('rclone')).each(['sftp', 'webdav'] as const)(
    'copies to a server of %s, and finds all equal (rclone)',
    async (protocol) => {
      mkdirSync(join(folder, 'served'))
      const { port, stop } = await serveByRclone(protocol, join(folder, 'served'), ['--user', 'me', '--pass', 'secret'])
      onTestFinished(stop)
      const settings = Object.entries({ TYPE: protocol, ...remotes[protocol](port) })
      const environment = Object.fromEntries(settings.map(([name, value]) => [`RCLONE_CONFIG_THERE_${name}`, value]))
      const line = 'dsync --cloud -n 2 --verify checksum --working-dir work src/ there:copy && diff -r src served/copy'
      const { status, stdout } = await sh(line, folder, environment)
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/ 3 copied .*\n.*, all equal/) })
    },
  )

  it.skipIf(lacks('rclone'))('is not led astray by what the environment tells rclone (rclone)', async () => {
    const settings = [
      'DRY_RUN',
      'IGNORE_EXISTING',
      'IMMUTABLE',
      'INTERACTIVE',
      'PROGRESS',
      'QUIET',
      'SIZE_ONLY',
      'UPDATE',
    ]
    const numbers = { RCLONE_MAX_DEPTH: '1', RCLONE_RETRIES: '0', RCLONE_VERBOSE: '2' }
    const logs = { RCLONE_LOG_FILE: join(folder, 'log'), RCLONE_LOG_LEVEL: 'DEBUG', RCLONE_STATS_LOG_LEVEL: 'DEBUG' }
    const on = Object.fromEntries(settings.map((name) => [`RCLONE_${name}`, 'true']))
    await sh('mkdir dst; touch -d 2099-01-01 dst/a dst/extra', folder)
    const ended = await sh(`dsync --delete --cloud --working-dir work src :local:${folder}/dst`, folder, {
      ...on,
      ...numbers,
      ...logs,
    })
    expect(ended).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/ 0 failed, 1 deleted\n$/) })
    expect(await sh('diff -r src dst', folder)).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('keeps to its rate, however many run', async () => {
    await sh('for i in $(seq 1 4); do head -c 1500000 /dev/urandom > src/$i; done', folder)
    const started = performance.now()
    expect(await sh('dsync -n 4 --bwlimit 3M --working-dir work src dst', folder)).toMatchObject({ status: 0 })
    // 6 MB take 1.9 s; rsync lets the first second's worth through at once.
    expect(performance.now() - started).toBeGreaterThan(900)
  })

  it('tells how far it is, each second, within a file too, and on how many hosts', async () => {
    script('ssh', ['shift', 'exec sh -c "$*"'])
    await sh('head -c 4000000 /dev/urandom > src/large; printf "one\\n" > hosts', folder)
    const words = '--progress --bwlimit 1M --ssh $PWD/ssh --hosts hosts --working-dir work $PWD/src $PWD/dst'
    const { status, stderr } = await sh(`dsync ${words}`, folder)
    expect(status).toBe(0)
    expect(stderr).toMatch(/^dsync: [123]\.\d+ MiB, .*, [1-9]\d% of .*, \d of 4 files, 1 on one$/m)
  })

  it.skipIf(lacks('rclone'))('the same within a file that rclone copies (rclone)', async () => {
    await sh('head -c 4000000 /dev/urandom > src/large', folder)
    const words = '--cloud -n 1 --progress --bwlimit 1M --working-dir work --log-output logs src :local:$PWD/dst'
    const { status, stdout, stderr } = await sh(`dsync ${words} >/dev/null; grep -ho '"stats":' logs/*`, folder)
    expect({ status, stdout }).toEqual({ status: 0, stdout: '"stats":\n' })
    expect(stderr).toMatch(/^dsync: [123]\.\d+ MiB, .*, [1-9]\d% of .*, \d of 4 files, 1 part under way$/m)
  })
})
