import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { root, sh, start, startShell } from '../fakes/programs.ts'

const stream = join(root, 'test/vectors/demo/full.zfs.gz')

/** A folder with a recorded ZFS stream, empty `chunks` and an empty store. */
function prepare() {
  const folder = temporaryFolder()
  const [chunks, store] = [join(folder, 'chunks'), join(folder, 'store')]
  for (const each of [chunks, store]) mkdirSync(each)
  const run = (commandLine: string) =>
    sh(`gzip -dc ${stream} > zfs; ${commandLine}`, folder, { STORE: `file://${store}` })
  const watch = (...words: string[]) => start('chunkwatch', [...words, chunks, `file://${store}`])
  const stored = () => filesBelow(store).filter((name) => !name.startsWith('.') && name !== 'files.manifest')
  return { folder, chunks, store, run, watch, stored }
}

const nothing = { status: 0, stdout: '', stderr: '' }
const lists = ['files.manifest', 'files.md5']

describe('what is shipped', () => {
  test('what split writes, until the stream is whole; md5sum and rclone accept the list', async () => {
    const { run, chunks } = prepare()
    const commands =
      'chunkwatch -q --until-end --settle 300ms chunks $STORE & { sleep 0.5; split -b 50K zfs chunks/x; }; wait $!'
    expect(await run(commands)).toEqual(nothing)
    expect(filesBelow(chunks)).toEqual(lists)
    expect(readFileSync(join(chunks, 'files.manifest'), 'utf8')).toContain(
      '{"end":"zfs","chunks":14,"size":674928,"stream":{"snapshot":"p/a@s1"',
    )
    expect(await run('cd store; md5sum -c --quiet ../chunks/files.md5')).toEqual(nothing)
    expect(await run('rclone --config /dev/null -q check --one-way -C md5 chunks/files.md5 store')).toEqual(nothing)
    expect(await run('chunkwatch --join $STORE | cmp - zfs')).toEqual(nothing)
    expect(await run('chunkwatch --join --from xad $STORE | cmp - <(tail -c +153601 zfs)')).toEqual(nothing)
    expect(await run('pget --chunks $STORE | cmp - zfs')).toEqual(nothing)
    const inStore = 'pget --store file://$PWD --chunks --from xad -o got store/'
    expect(await run(`${inStore} && cmp got <(tail -c +153601 zfs)`)).toEqual(nothing)
    for (const words of ['--offset 1 --chunks', '--no-verify --chunks', '--from xad']) {
      expect(await run(`pget ${words} $STORE`)).toMatchObject({ status: 64, stdout: '' })
    }
    for (const words of ['-j 3', '--once', '--state chunks', '--no-read-back']) {
      expect(await run(`chunkwatch --join ${words} $STORE`)).toMatchObject({ status: 64, stdout: '' })
    }
  })

  test('a source that is not there: 69, and it is not made', async () => {
    const { run, folder } = prepare()
    const ended = await run('chunkwatch --once nowhere $STORE')
    expect(ended).toEqual({ status: 69, stdout: '', stderr: 'chunkwatch: nowhere: no such directory\n' })
    expect(existsSync(join(folder, 'nowhere'))).toBe(false)
    const stderr = expect.stringContaining("chunkwatch: option --state: '' names no directory\n")
    expect(await run('chunkwatch --once --state "" chunks $STORE')).toEqual({ status: 64, stdout: '', stderr })
  })

  test('a destination that is not there at the start: 69, and nothing is begun', async () => {
    const { run, chunks } = prepare()
    const ended = await run('chunkwatch --split 100K --name x. chunks $STORE/none < zfs')
    expect(ended).toMatchObject({ status: 69, stdout: '' })
    expect(ended.stderr).toMatch(/^chunkwatch: .*none: no such directory\n/)
    expect(filesBelow(chunks).filter((name) => name.startsWith('x.'))).toEqual([])
  })

  test('a file for metrics that cannot be made: 69, by the name that was given', async () => {
    const { run } = prepare()
    const ended = await run('chunkwatch --metrics none/chunks.prom chunks $STORE')
    expect(ended).toMatchObject({
      status: 69,
      stderr: 'chunkwatch: cannot open none/chunks.prom: no such file or directory\n',
    })
  })

  test('a line of md5sum for each on stdout, as it is proven', async () => {
    const { run } = prepare()
    const { status, stdout } = await run(
      'split -b 200K zfs chunks/x; md5sum chunks/x* | sed s,chunks/,, > sums; chunkwatch --once --settle 200ms chunks $STORE | sort -k2 | diff - sums',
    )
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })

  test('what is named on stdin, at once', async () => {
    const { run, chunks, stored } = prepare()
    const names = "split -b 200K --filter='cat > $FILE; echo $FILE' zfs chunks/x"
    expect(await run(`${names} | chunkwatch -q --settle 1h --state chunks - $STORE`)).toEqual(nothing)
    expect(filesBelow(chunks)).toEqual(lists)
    expect(stored()).toEqual(['xaa', 'xab', 'xac', 'xad'])
    expect(await run("printf 'nosuch\\0' | chunkwatch -0 --state chunks - $STORE")).toEqual({
      ...nothing,
      stderr: 'chunkwatch: nosuch: is no file\n',
    })
  })

  test('what keeps the cutter from going on is told', async () => {
    const { run } = prepare()
    const ended = await run('mkdir chunks/.x.aa.part; chunkwatch -q --split 100K --name x. chunks $STORE < zfs')
    const stderr = 'chunkwatch: cannot open chunks/.x.aa.part: illegal operation on a directory\n'
    expect(ended).toMatchObject({ status: 73, stderr })
  })

  test('what it cuts itself, whatever the bytes are', async () => {
    const { run, chunks } = prepare()
    expect(
      await run(
        'head -c 1000001 /dev/urandom | tee random | chunkwatch -q --split 100K --name r. --max-backlog 300K chunks $STORE',
      ),
    ).toEqual(nothing)
    expect(readFileSync(join(chunks, 'files.manifest'), 'utf8')).toContain('{"end":"eof","chunks":10,"size":1000001}')
    expect(await run('chunkwatch --join $STORE | cmp - random')).toEqual(nothing)
  })

  test('what it cuts, and ends when a chunk is given up, though that is as much as --max-backlog', async () => {
    const { run } = prepare()
    await run("printf '%102400d' 0 >store/xaa")
    const ended = await run('cat /dev/zero | chunkwatch -q --split 100K --max-backlog 100K chunks $STORE')
    expect(ended).toMatchObject({ status: 73, stderr: expect.stringContaining('other bytes than here') })
    // No more than what was given up: the stream has not ended where it was broken off.
    expect((await run('wc -c <chunks/xaa; ls -A chunks')).stdout).toBe('102400\nfiles.manifest\nfiles.md5\nxaa\n')
  })

  test('through rclone, and back', async () => {
    const { run, folder } = prepare()
    const remote = `rclone::local:${folder}/store`
    expect(
      await run(`chunkwatch -q --split 400K chunks ${remote} < zfs && chunkwatch --join ${remote} | cmp - zfs`),
    ).toEqual(nothing)
  })

  test('a chunk renamed into place goes at once', async () => {
    const { chunks, folder, watch } = prepare()
    // By the next of its series it need not settle: then it watches.
    for (const name of ['xaa', 'xab']) writeFileSync(join(chunks, name), 'bytes')
    const { child, saw } = watch('--settle=1h')
    await saw('  xaa\n')
    writeFileSync(join(folder, 'made'), 'bytes')
    renameSync(join(folder, 'made'), join(chunks, 'moved'))
    await saw('  moved\n')
    child.kill('SIGINT')
  })
})

describe('what it tells', () => {
  test('the state, at USR1 and in a file for Prometheus', async () => {
    const { folder, chunks, watch } = prepare()
    const { child, ended, saw } = watch('--settle=0s', '--metrics', join(folder, 'chunks.prom'))
    writeFileSync(join(chunks, 'xaa'), 'bytes')
    await saw('  xaa\n')
    const fd = openSync(join(chunks, 'xab'), 'w')
    onTestFinished(() => closeSync(fd))
    writeSync(fd, 'more')
    const line = /chunkwatch: 5 B, .*, 1 done, 1 settling, 4 B here, oldest \S+, disk .* used .* free\n/
    const seen: string[] = []
    child.stderr.on('data', (bytes) => seen.push(String(bytes)))
    await vi.waitFor(
      () => {
        child.kill('SIGUSR1')
        expect(seen.join('')).toMatch(line)
      },
      { timeout: 20_000, interval: 300 },
    )
    child.kill('SIGINT')
    expect((await ended).status).toBe(130)
    const metrics = readFileSync(join(folder, 'chunks.prom'), 'utf8')
    const labels = `{source="${chunks}",destination="file://${folder}/store"}`
    for (const sample of ['shipped_total$ 1', 'shipped_bytes_total$ 5', 'settling$ 1', 'backlog_bytes$ 4', 'end$ 0']) {
      expect(metrics).toContain(`\nzpipes_chunks_${sample.replace('$', labels)}\n`)
    }
    expect(metrics).toMatch(/\nzpipes_chunks_disk_free_bytes\{.*\} [1-9]\d+\n/)
    expect(filesBelow(folder).filter((name) => name.includes('.prom'))).toEqual(['chunks.prom'])
  })

  test('systemd, when the work begins and when it ends', async ({ skip }) => {
    const { folder, chunks, store } = prepare()
    if ((await sh('type -P socat')).status !== 0) skip('socat is not installed')
    const socket = join(folder, 'socket')
    const listener = startShell('', `exec socat -u UNIX-RECV:${socket} STDOUT`)
    await vi.waitFor(() => expect(existsSync(socket)).toBe(true), { timeout: 20_000 })
    const { child, ended } = start('chunkwatch', [chunks, `file://${store}`], { NOTIFY_SOCKET: socket })
    await listener.saw('READY=1')
    child.kill('SIGTERM')
    await listener.saw('STOPPING=1')
    expect((await ended).status).toBe(143)
  })

  test('what happens, as lines of JSON', async () => {
    const { run, store } = prepare()
    writeFileSync(join(store, 'xac'), 'other bytes')
    const { status, stdout } = await run(
      'split -b 200K zfs chunks/x; chunkwatch --json --once --settle 0s chunks $STORE',
    )
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(status).toBe(73)
    expect(
      events
        .filter(({ event }) => event === 'proven')
        .map(({ chunk }) => chunk)
        .toSorted(),
    ).toEqual(['xaa', 'xab', 'xad'])
    expect(events.find(({ event }) => event === 'trouble')).toMatchObject({
      schema: 1,
      message: expect.stringContaining('xac'),
    })
    const ended = await run('mkdir b; chunkwatch --json --split 400K --stream b b $STORE < zfs | tail -n 1')
    expect(JSON.parse(ended.stdout)).toMatchObject({ event: 'end', end: 'zfs', chunks: 2 })
  })
})

describe('what a lost host leaves', () => {
  test('its chunks come back with a manifest older than they are, or without one', async () => {
    const { run } = prepare()
    await run('chunkwatch -q --split 100K chunks $STORE < zfs && cp store/files.manifest all')
    const gone = 'rm -f store/files.manifest store/.files.manifest.*'
    for (const lost of [`${gone}; head -n 4 all > store/files.manifest`, gone]) {
      expect(await run(`${lost}; chunkwatch --join $STORE | cmp - zfs`)).toEqual(nothing)
    }
    const damaged =
      'head -n 4 all > store/files.manifest; printf x | dd of=store/xag bs=1 seek=9 conv=notrunc status=none'
    expect(await run(`${damaged}; chunkwatch --join $STORE > got`)).toMatchObject({
      status: 65,
      stderr: expect.stringContaining('xag'),
    })
  })
})

describe('what is distrusted', () => {
  test('a stream that lacks its end: 65, and no END; --join gives nothing of its last chunk', async () => {
    const { run, chunks } = prepare()
    const { status, stderr } = await run('head -c 500000 zfs | chunkwatch -q --split 100K chunks $STORE')
    expect({ status, stderr }).toEqual({
      status: 65,
      stderr: expect.stringContaining('the stream is not whole after 5 chunks'),
    })
    expect(readFileSync(join(chunks, 'files.manifest'), 'utf8')).not.toContain('"end"')
    const joined = await run('chunkwatch --join $STORE > got; echo $?; stat -c %s got')
    expect(joined.stdout).toBe('65\n409600\n')
  })

  test('a chunk that is missing, or has other bytes', async () => {
    const { run, store } = prepare()
    await run('chunkwatch -q --split 100K chunks $STORE < zfs')
    renameSync(join(store, 'xac'), join(store, 'other'))
    expect(await run('chunkwatch --join $STORE > got; s=$?; stat -c %s got; exit $s')).toMatchObject({
      status: 65,
      stdout: '204800\n',
      stderr: expect.stringContaining('xac'),
    })
    renameSync(join(store, 'other'), join(store, 'xac'))
    const bytes = readFileSync(join(store, 'xac'))
    bytes[5] = (bytes[5] ?? 0) ^ 1
    writeFileSync(join(store, 'xac'), bytes)
    expect(await run('chunkwatch --join $STORE > got; s=$?; stat -c %s got; exit $s')).toMatchObject({
      status: 65,
      stdout: '204800\n',
      stderr: expect.stringContaining('xac'),
    })
    truncateSync(join(store, 'xac'), 5)
    appendFileSync(join(store, 'files.manifest'), 'x')
    expect(await run('chunkwatch --join $STORE > got')).toMatchObject({ status: 65 })
  })
})
