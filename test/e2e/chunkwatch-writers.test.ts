import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { sh, start, startShell } from '../fakes/programs.ts'

// ZPIPES_STALL_MS=30000 is a writer that stalls for half a minute.
const stallMs = Number(process.env['ZPIPES_STALL_MS'] ?? 5000)
const settle = '--settle=1s'

function prepare() {
  const folder = temporaryFolder()
  const [chunks, store] = [join(folder, 'chunks'), join(folder, 'store')]
  for (const each of [chunks, store]) mkdirSync(each)
  const watch = (...words: string[]) => start('chunkwatch', [...words, chunks, `file://${store}`])
  const open = (name: string) => {
    const fd = openSync(join(chunks, name), 'w')
    let isOpen = true
    const close = () => isOpen && closeSync(fd)
    onTestFinished(() => void close())
    return {
      write: (text: string) => writeSync(fd, text),
      close() {
        close()
        isOpen = false
      },
    }
  }
  const stored = (name: string) => (existsSync(join(store, name)) ? readFileSync(join(store, name), 'utf8') : undefined)
  return { folder, chunks, store, watch, open, stored }
}

const patient = { timeout: 60_000 }

describe('P6: a file', () => {
  test('whose writer stalls is not shipped, with a successor or without; when it is closed, all of it is', {
    timeout: stallMs + 60_000,
  }, async () => {
    const { chunks, watch, open, stored } = prepare()
    const [first, second] = [open('xaa'), open('xab')]
    first.write('first half, ')
    second.write('what follows')
    second.close()
    const { child, ended, saw } = watch(settle)
    await saw('  xab\n')
    await sleep(stallMs)
    expect(stored('xaa')).toBeUndefined()
    first.write('second half')
    await sleep(stallMs / 4)
    expect(stored('xaa')).toBeUndefined()
    expect(readFileSync(join(chunks, 'xaa'), 'utf8')).toBe('first half, second half')
    first.close()
    await saw('  xaa\n')
    expect(stored('xaa')).toBe('first half, second half')
    child.kill('SIGINT')
    expect((await ended).status).toBe(130)
  })

  test('that nobody writes any more goes when it has stood still for --settle, not before', patient, async () => {
    const { watch, open, stored } = prepare()
    const { child, saw } = watch('--settle=3s', '--progress')
    await saw('0 done')
    const writer = open('xaa')
    writer.write('bytes')
    writer.close()
    const closedMs = performance.now()
    await saw('  xaa\n')
    expect(performance.now() - closedMs).toBeGreaterThan(2900)
    expect(stored('xaa')).toBe('bytes')
    child.kill('SIGINT')
  })

  test('that is written slowly goes when it is whole', patient, async () => {
    const { watch, open, stored } = prepare()
    const { child, saw } = watch('--settle=0s')
    const writer = open('xaa')
    for (let piece = 0; piece < 10; piece++) {
      writer.write(`piece ${piece}\n`)
      await sleep(200)
      expect(stored('xaa')).toBeUndefined()
    }
    writer.close()
    await saw('  xaa\n')
    expect(stored('xaa')?.split('\n')).toHaveLength(11)
    child.kill('SIGINT')
  })

  test(
    'of a name that was shipped before: equal it is removed, else both are kept, and others go on',
    patient,
    async () => {
      const { chunks, watch, stored } = prepare()
      const { child, ended, saw } = watch('--settle=0s')
      writeFileSync(join(chunks, 'xaa'), 'first')
      await saw('  xaa\n')
      await vi.waitFor(() => expect(existsSync(join(chunks, 'xaa'))).toBe(false), patient)
      writeFileSync(join(chunks, 'xaa'), 'first')
      await vi.waitFor(() => expect(existsSync(join(chunks, 'xaa'))).toBe(false), patient)
      writeFileSync(join(chunks, 'xaa'), 'other')
      await saw('chunkwatch: hint: --stream NAME')
      writeFileSync(join(chunks, 'xab'), 'next')
      await saw('  xab\n')
      expect([stored('xaa'), readFileSync(join(chunks, 'xaa'), 'utf8')]).toEqual(['first', 'other'])
      child.kill('SIGINT')
      expect((await ended).status).toBe(130)
    },
  )
})

describe('P6: without privilege', () => {
  const asNobody = 'setpriv --reuid 4321 --regid 4321 --clear-groups'
  const watch = 'env HOME=/nonexistent chunkwatch -q --once --settle 0s chunks file://$PWD/store'
  const prepared = 'chmod 755 .; chown 4321 chunks store; umask 022'
  const waits = expect.stringContaining('chunks/xaa: waits, since processes of other users may write to it')

  test("a file of root's waits: who writes to it cannot be seen; one's own does not, whoever has no name", async ({
    skip,
  }) => {
    const { folder, chunks, stored } = prepare()
    if ((await sh(`${asNobody} true`, folder)).status !== 0) skip('no other user can be had')
    const ended = await sh(
      `${prepared}; echo own >chunks/xab; chown 4321 chunks/xab
      exec 3>chunks/xaa; echo open >&3; ${asNobody} ${watch} 3>&-; echo more >&3`,
      folder,
    )
    expect(ended).toMatchObject({ status: 0, stderr: waits })
    expect([stored('xab'), readFileSync(join(chunks, 'xaa'), 'utf8')]).toEqual(['own\n', 'open\nmore\n'])
  })

  test('so does any that is not our own where /proc hides processes', async ({ skip }) => {
    const { folder, chunks, stored } = prepare()
    const hidden = 'mount -t proc -o hidepid=2 proc /proc'
    const inside = (script: string) => sh(`unshare --mount --pid --fork --kill-child bash -c '${script}'`, folder)
    if ((await inside(`${hidden} && ${asNobody} true`)).status !== 0) skip('there can be no /proc of our own')
    const other = asNobody.replaceAll('4321', '1234')
    const ended = await inside(`${prepared}; chmod 777 chunks; ${hidden}; echo own >chunks/xab; chown 4321 chunks/xab
      mkfifo go; chmod 666 go
      ${other} bash -c "exec 3>chunks/xaa; echo open >&3; read -t 20 <>go; echo more >&3" &
      until test -s chunks/xaa; do sleep 0.02; done; ${asNobody} ${watch}; echo 1<>go; wait`)
    expect(ended).toMatchObject({ status: 0, stderr: waits })
    expect([stored('xab'), readFileSync(join(chunks, 'xaa'), 'utf8')]).toEqual(['own\n', 'open\nmore\n'])
  })
})

describe('a writer', () => {
  test('that has a chunk open, with others behind it, does not keep --once', patient, async () => {
    const { folder, stored } = prepare()
    const watch = 'timeout 20 chunkwatch -q --once --settle 0s chunks file://$PWD/store'
    const ended = await sh(`exec 3>chunks/xaa; echo whole >chunks/xab; ${watch}; ls chunks`, folder)
    expect(ended).toEqual({ status: 0, stdout: 'files.manifest\nfiles.md5\nxaa\n', stderr: '' })
    expect(stored('xab')).toBe('whole\n')
  })

  test('that dies in mid-stream: --until-end ends with 65, and what came is stored', patient, async () => {
    const { chunks, watch, stored } = prepare()
    const writer = startShell('', `exec > ${chunks}/xaa; echo begun; read line`)
    const { ended, saw } = watch('--until-end', '--settle=300ms', '--progress')
    await saw('1 settling')
    writer.child.kill('SIGKILL')
    expect(await ended).toMatchObject({
      status: 65,
      stderr: expect.stringContaining('the writer has gone and the stream is not whole after 1 chunks'),
    })
    expect(stored('xaa')).toBe('begun\n')
  })
})

describe('a destination', () => {
  test('that goes away for a while: the chunk waits, and is stored', patient, async () => {
    const { folder, chunks, store, watch, stored } = prepare()
    const { child, saw } = watch('--settle=0s')
    writeFileSync(join(chunks, 'xaa'), 'bytes')
    await saw('  xaa\n')
    expect(await sh('mv store aside; touch store', folder)).toMatchObject({ status: 0 })
    writeFileSync(join(chunks, 'xab'), 'more')
    await saw('chunkwatch: ')
    expect(existsSync(join(chunks, 'xab'))).toBe(true)
    rmSync(store)
    expect(await sh('mv aside store', folder)).toMatchObject({ status: 0 })
    await saw('  xab\n')
    expect(stored('xab')).toBe('more')
    child.kill('SIGINT')
  })

  test('whose disk is full: the chunk waits for space', patient, async ({ skip }) => {
    const { folder, chunks } = prepare()
    if ((await sh('unshare --mount true')).status !== 0) skip('there can be no mounts of our own')
    writeFileSync(join(chunks, 'xaa'), Buffer.alloc(600_000, 1))
    const inside = `mount -t tmpfs -o size=1M tmpfs store; head -c 900K /dev/zero > store/filler
      chunkwatch --once --settle 0s chunks file://$PWD/store 2> said & watching=$!
      until grep -q . said; do sleep 0.1; done; ls chunks; rm store/filler; wait $watching && cmp store/xaa whole`
    const ended = await sh(`cp chunks/xaa whole; unshare --mount bash -c '${inside}'`, folder)
    expect(ended.status).toBe(0)
    expect(ended.stdout).toMatch(/^files.manifest\nfiles.md5\nxaa\n[0-9a-f]{32} {2}xaa\n$/)
    expect(readFileSync(join(folder, 'said'), 'utf8')).toContain('ENOSPC')
    expect(filesBelow(chunks)).not.toContain('xaa')
  })
})

describe('a limit', () => {
  test('--bwlimit holds all chunks together to a rate', patient, async () => {
    const { folder } = prepare()
    const command =
      'head -c 3M /dev/zero | split -b 256K - chunks/x; chunkwatch --once --settle 0s --bwlimit 1M chunks file://$PWD/store'
    const beganMs = performance.now()
    const { status, stdout } = await sh(command, folder)
    expect([status, stdout.split('\n')]).toMatchObject([0, { length: 13 }])
    expect(performance.now() - beganMs).toBeGreaterThan(2500)
  })

  test('P7: memory does not grow with the size of the chunks', { timeout: 120_000 }, async ({ skip }) => {
    const { folder } = prepare()
    if ((await sh('type -P time')).status !== 0) skip('/usr/bin/time is not installed')
    const peaks: number[] = []
    for (const mebibytes of [16, 128]) {
      const command = `for i in a b c; do truncate -s ${mebibytes}M chunks/$i.${mebibytes}; done
        /usr/bin/time -f %M -o peak chunkwatch -q --once --settle 0s chunks file://$PWD/store && cat peak && rm -r store/*`
      const { status, stdout, stderr } = await sh(command, folder)
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      peaks.push(Number(stdout) / 1024)
    }
    const [small = 0, large = 0] = peaks
    expect(large).toBeLessThan(200)
    expect(large).toBeLessThan(small + 60)
  })
})
