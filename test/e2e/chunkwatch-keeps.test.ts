import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { sh, start } from '../fakes/programs.ts'

/** A folder with empty `chunks` and an empty store. */
function prepare() {
  const folder = temporaryFolder()
  const [chunks, store] = [join(folder, 'chunks'), join(folder, 'store')]
  for (const each of [chunks, store]) mkdirSync(each)
  const run = (commandLine: string) => sh(commandLine, folder, { STORE: `file://${store}` })
  const watch = (...words: string[]) => start('chunkwatch', [...words, chunks, `file://${store}`])
  const stored = () => filesBelow(store).filter((name) => !name.startsWith('.') && name !== 'files.manifest')
  return { folder, chunks, store, run, watch, stored }
}

const nothing = { status: 0, stdout: '', stderr: '' }
const lists = ['files.manifest', 'files.md5']

describe('P6: what is not shipped, or not removed', () => {
  test('a file whose writer stalls, however long', async () => {
    const { chunks, store, stored, watch, run } = prepare()
    const fd = openSync(join(chunks, 'xaa'), 'w')
    onTestFinished(() => closeSync(fd))
    writeSync(fd, 'first half, ')
    const { child, ended } = watch('--settle=300ms')
    await sleep(3000)
    expect(stored()).toEqual([])
    expect(existsSync(join(chunks, 'xaa'))).toBe(true)
    // A second on the same directory says so.
    expect(await run('chunkwatch --once chunks $STORE')).toMatchObject({ status: 75 })
    writeSync(fd, 'second half')
    await sleep(1000)
    expect(stored()).toEqual([])
    child.kill('SIGINT')
    expect((await ended).status).toBe(130)
    expect(filesBelow(store)).toEqual([])
  })

  test('a directory that is the destination itself: 64, and nothing is removed', async () => {
    const { run, chunks, folder } = prepare()
    symlinkSync(chunks, join(folder, 'link'))
    writeFileSync(join(chunks, 'xaa'), 'bytes')
    for (const there of ['file://$PWD/link', 'rclone::local:$PWD/chunks']) {
      expect(await run(`chunkwatch --once --settle 0s chunks ${there}`)).toMatchObject({ status: 64, stdout: '' })
      const named = `echo link/xaa | chunkwatch --state books - ${there}`
      expect(await run(named)).toMatchObject({ status: 64, stdout: '' })
    }
    expect(filesBelow(chunks).filter((name) => !lists.includes(name))).toEqual(['xaa'])
  })

  test('a file whose copy went bad in the store, though the store does not know: 73, and it is kept', async () => {
    const { run, chunks, store } = prepare()
    expect(await run('echo one > chunks/xaa; chunkwatch -q --once --settle 0s chunks $STORE')).toEqual(nothing)
    writeFileSync(join(store, 'xaa'), 'onE\n')
    writeFileSync(join(chunks, 'xaa'), 'one\n')
    expect(await run('chunkwatch -q --once --settle 0s chunks $STORE')).toMatchObject({
      status: 73,
      stderr: expect.stringContaining('other bytes than here'),
    })
    expect(readFileSync(join(chunks, 'xaa'), 'utf8')).toBe('one\n')
  })

  test('a file that is the only copy, and that the destination has a symbolic link to: 73', async () => {
    const { run, chunks, store } = prepare()
    writeFileSync(join(chunks, 'xaa'), 'bytes')
    symlinkSync(join(chunks, 'xaa'), join(store, 'xaa'))
    expect(await run('chunkwatch -q --once --settle 0s chunks $STORE')).toMatchObject({
      status: 73,
      stderr: expect.stringMatching(/store\/xaa: is a symbolic link/),
    })
    expect(readFileSync(join(chunks, 'xaa'), 'utf8')).toBe('bytes')
  })

  test.each([
    ['a directory', 'mkdir store/xaa', 'store/xaa: is a directory'],
    ['a named pipe', 'mkfifo store/xaa', 'store/xaa: is no plain file'],
    ['a link to nowhere', 'ln -s nowhere store/xaa', 'store/xaa: is a symbolic link to what'],
    ['a link to itself', 'ln -s xaa store/xaa', 'store/xaa: is a symbolic link to what'],
  ])('a file in whose way %s is: 73 at once, and the others are shipped', async (_what, command, stderr) => {
    const { run, chunks, stored } = prepare()
    for (const name of ['xaa', 'xab']) writeFileSync(join(chunks, name), name)
    const ended = await run(`${command}; timeout 20 chunkwatch --once --settle 0s chunks $STORE`)
    expect(ended).toMatchObject({ status: 73, stderr: expect.stringContaining(stderr) })
    expect(ended.stderr).toContain('hint: --stream NAME')
    expect(ended.stderr).not.toContain('--overwrite')
    expect(stored()).toContain('xab')
    expect(readFileSync(join(chunks, 'xaa'), 'utf8')).toBe('xaa')
  })

  test('two files of one name, named at once: one is stored, the other is kept', async () => {
    const { run, folder } = prepare()
    for (const there of ['file://$PWD/store', 'rclone::local:$PWD/store']) {
      const names =
        'mkdir -p a b; rm -rf store/* store/.[!.]*; echo first > a/xaa; echo other > b/xaa; echo a/xaa; echo b/xaa'
      const ended = await run(
        `mkdir books; { ${names}; } | chunkwatch -q --state books - ${there}; s=$?; rm -r books; exit $s`,
      )
      expect(ended).toMatchObject({ status: 73, stdout: '' })
      const [here, stored] = [filesBelow(folder).filter((name) => /^[ab].xaa$/.test(name)), ['a/xaa', 'b/xaa']]
      expect(here).toHaveLength(1)
      const kept = readFileSync(join(folder, here[0] ?? ''), 'utf8')
      expect([kept, readFileSync(join(folder, 'store/xaa'), 'utf8')].toSorted()).toEqual(['first\n', 'other\n'])
      expect(stored).toContain(here[0])
    }
  })

  test('the lists themselves, though they are named', async () => {
    const { run, folder, stored } = prepare()
    const { status, stderr } = await run('mkdir a; echo x > a/files.md5; echo a/files.md5 | chunkwatch - $STORE')
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('name of the list') })
    expect([filesBelow(join(folder, 'a')), stored()]).toEqual([['files.md5'], []])
  })

  test('chunks for which there are no descriptors left: they come again, and it is no bug', async () => {
    const { run, chunks, stored } = prepare()
    const watch = 'chunkwatch -q --once --settle 0s'
    const { status, stderr } = await run(
      `for i in $(seq 100); do echo $i > chunks/$i; done; ulimit -n 40; ${watch} --retries 0 -j 100 chunks $STORE`,
    )
    expect([74, 75]).toContain(status)
    expect(stderr).toContain('too many open files')
    expect(await run(`${watch} chunks $STORE`)).toMatchObject({ status: 0, stderr: '' })
    expect([stored().length, filesBelow(chunks)]).toEqual([100, ['files.manifest', 'files.md5']])
  })

  test('a file whose name is no UTF-8: it is told and kept, others are shipped, and the end is 64', async () => {
    const { run, chunks, stored } = prepare()
    const odd = "chunks/$(printf 'caf\\351aa')"
    const ended = await run(
      `echo one > chunks/xaa; echo two > "${odd}"; chunkwatch -q --once --settle 0s chunks $STORE`,
    )
    expect(ended).toMatchObject({
      status: 64,
      stderr: expect.stringMatching(/^chunkwatch: .*chunks\/caf.aa: its name/),
    })
    expect(stored()).toEqual(['xaa'])
    const named = await run(`echo "${odd}" | chunkwatch -q --state chunks - $STORE`)
    expect(named).toMatchObject({ status: 64, stderr: expect.stringContaining('its name is no UTF-8') })
    expect(await run(`cat "${odd}"`)).toMatchObject({ status: 0, stdout: 'two\n' })
    expect(existsSync(join(chunks, 'xaa'))).toBe(false)
  })

  test('symbolic links, wherever they lead', async () => {
    const { run, chunks, folder, stored } = prepare()
    writeFileSync(join(folder, 'far'), 'bytes')
    for (const [name, target] of Object.entries({ xaa: '../far', xab: 'xab', xac: 'nowhere' })) {
      symlinkSync(target, join(chunks, name))
    }
    expect(await run('chunkwatch -q --once --settle 0s chunks $STORE')).toEqual(nothing)
    const named = await run('echo chunks/xaa | chunkwatch -q --state chunks - $STORE')
    expect(named).toEqual({ ...nothing, stderr: 'chunkwatch: chunks/xaa: is no file\n' })
    expect([stored(), filesBelow(chunks)]).toEqual([[], [...lists, 'xaa', 'xab', 'xac']])
  })

  test('what a second host ships to the same place: 73, and the manifest that is there stays', async () => {
    const { run, store } = prepare()
    await run('echo one > chunks/a.aa; chunkwatch -q --once --settle 0s chunks $STORE')
    const before = readFileSync(join(store, 'files.manifest'), 'utf8')
    const second = 'mkdir other; echo two > other/b.aa; chunkwatch -q --once --settle 0s other $STORE'
    expect(await run(second)).toMatchObject({ status: 73, stderr: expect.stringContaining('files.manifest') })
    expect(readFileSync(join(store, 'files.manifest'), 'utf8')).toBe(before)
    const apart = 'chunkwatch -q --once --settle 0s --stream b other $STORE && test ! -e other/b.aa'
    expect(await run(apart)).toEqual(nothing)
  })

  test('anything, where another has the same lists', async () => {
    const { run, watch, folder } = prepare()
    const { child, ended, saw } = watch('--state', join(folder, 'books'), '--progress')
    await saw('0 done')
    const second = 'mkdir other; chunkwatch --once --state books other $STORE/b'
    expect(await run(second)).toMatchObject({ status: 75, stderr: expect.stringContaining('another program is at it') })
    child.kill('SIGINT')
    await ended
  })

  test('a name that the store has with other bytes: 73, both are kept; --stream sets them apart', async () => {
    const { run, chunks, store } = prepare()
    expect(await run('echo one > chunks/xaa; chunkwatch -q --once --settle 200ms chunks $STORE')).toEqual(nothing)
    writeFileSync(join(chunks, 'xaa'), 'two\n')
    expect(await run('chunkwatch -q --once --settle 200ms chunks $STORE')).toMatchObject({
      status: 73,
      stderr: expect.stringContaining('xaa'),
    })
    expect(readFileSync(join(chunks, 'xaa'), 'utf8')).toBe('two\n')
    expect(readFileSync(join(store, 'xaa'), 'utf8')).toBe('one\n')
    expect(await run('chunkwatch -q --once --settle 200ms --stream tue chunks $STORE')).toEqual(nothing)
    expect(readFileSync(join(store, 'tue/xaa'), 'utf8')).toBe('two\n')
    expect(existsSync(join(chunks, 'xaa'))).toBe(false)
  })
})

test.skipIf(process.getuid?.() !== 0)('a user without an entry in passwd(5) ships', async () => {
  const { run, chunks, stored } = prepare()
  const ended = await run(`echo one > chunks/xaa; chown -R 54321:54321 .
    setpriv --reuid 54321 --regid 54321 --clear-groups chunkwatch -q --once --settle 0s chunks $STORE`)
  expect(ended).toEqual(nothing)
  expect([stored(), existsSync(join(chunks, 'xaa'))]).toEqual([['xaa'], false])
})
