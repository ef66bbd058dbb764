import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createAtomicFile } from '../../src/stream/atomic-file.ts'
import { openOutput } from '../../src/stream/output.ts'
import { readAtOnce } from '../../src/stream/pipe-at-once.ts'
import { openWidePipe, type Pipe } from '../../src/stream/wide-pipe.ts'
import { openFifo } from '../fakes/fifo.ts'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { randomBytes } from '../fakes/inputs.ts'

describe('openOutput', () => {
  test('waits for a slow reader of a pipe and loses nothing', async () => {
    const fifo = openFifo()
    const bytes = randomBytes(3_000_000)
    const written = openOutput(fifo.writeEnd)
      .write(bytes)
      .then(() => fifo.endWriting())
    const got: Buffer[] = []
    const buffer = Buffer.alloc(200_000)
    for (let total = 0; total < bytes.length; ) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      try {
        const count = readSync(fifo.readEnd, buffer)
        got.push(Buffer.from(buffer.subarray(0, count)))
        total += count
      } catch (error) {
        expect(error).toMatchObject({ code: 'EAGAIN' })
      }
    }
    await written
    expect(Buffer.compare(Buffer.concat(got), bytes)).toBe(0)
  })

  test('gives all bytes once to a reader of a pipe without a name that takes some in each turn', async () => {
    const { readEnd, writeEnd } = openWidePipe() as Pipe
    const bytes = randomBytes(3_000_000)
    const written = openOutput(writeEnd)
      .write(bytes)
      .then(() => closeSync(writeEnd))
    const got = Buffer.alloc(2 * bytes.length)
    let total = 0
    let isWritten = false
    void written.finally(() => (isWritten = true))
    for (let count = 0; count > 0 || !isWritten; total += count) {
      await new Promise(setImmediate)
      count = readAtOnce(readEnd, got.subarray(total, total + 50_000))
    }
    closeSync(readEnd)
    expect(Buffer.compare(got.subarray(0, total), bytes)).toBe(0)
  })

  test('a reader that went away is a failure of its own kind', async () => {
    const fifo = openFifo()
    closeSync(fifo.readEnd)
    await expect(openOutput(fifo.writeEnd).write(randomBytes(10))).rejects.toMatchObject({ kind: 'closed' })
    fifo.endWriting()
  })

  test('a full device is its own failure', async () => {
    const fd = openSync('/dev/full', 'w')
    await expect(openOutput(fd).write(randomBytes(10))).rejects.toMatchObject({ code: 'ENOSPC' })
    closeSync(fd)
  })

  test('survives a pipe that its other user made non-blocking', async () => {
    const folder = temporaryFolder()
    execFileSync('mkfifo', [join(folder, 'p')])
    const reader = spawn('sh', ['-c', 'sleep 0.1; cat > "$1/copy" < "$1/p"', 'sh', folder])
    const { constants } = await import('node:fs')
    // Opened for both, so that opening does not wait for the reader.
    const fd = openSync(join(folder, 'p'), constants.O_RDWR | constants.O_NONBLOCK)
    const bytes = randomBytes(2_500_000)
    await openOutput(fd).write(bytes)
    closeSync(fd)
    await new Promise((resolve) => reader.once('close', resolve))
    expect(Buffer.compare(readFileSync(join(folder, 'copy')), bytes)).toBe(0)
  })
})

const writer = { id: 'ours-2', isGone: (id: string) => id === 'ours-1' }

describe('createAtomicFile', () => {
  test('removes what a killed writer of that file has left, and nothing else', async () => {
    const folder = temporaryFolder()
    const kept = ['.f.ours-3.00112233.part', '.f.other-1.00112233.part', '.g.ours-1.00112233.part', '.f.ours-1.part']
    for (const name of [...kept, '.f.ours-1.00112233.part']) writeFileSync(join(folder, name), '')
    const file = await createAtomicFile(join(folder, 'f'), writer)
    await file.abandon()
    expect(filesBelow(folder).toSorted()).toEqual(kept.toSorted())
  })

  test('appears whole, over what was there; abandoned it leaves no trace', async () => {
    const folder = temporaryFolder()
    const first = await createAtomicFile(join(folder, 'f'), writer)
    await first.write(randomBytes(100))
    expect(filesBelow(folder)).not.toContain('f')
    await first.flush()
    await first.commit()
    const second = await createAtomicFile(join(folder, 'f'), writer)
    await second.write(randomBytes(10))
    await second.abandon()
    expect(filesBelow(folder)).toEqual(['f'])
    expect(new Uint8Array(readFileSync(join(folder, 'f')))).toEqual(randomBytes(100))
  })

  test('may be read by whom the file that it replaces could be read by', async () => {
    const path = join(temporaryFolder(), 'f')
    const replaced = async () => {
      const file = await createAtomicFile(path, writer)
      await file.write(randomBytes(10))
      const [temporary = ''] = filesBelow(dirname(path)).filter((name) => name.endsWith('.part'))
      const { mode } = lstatSync(join(dirname(path), temporary))
      await file.flush()
      await file.commit()
      return [mode & 0o777, lstatSync(path).mode & 0o777]
    }
    const usual = 0o666 & ~process.umask()
    expect(await replaced()).toEqual([usual, usual])
    chmodSync(path, 0o640)
    expect(await replaced()).toEqual([0o640, 0o640])
    if (process.getuid?.() !== 0) return
    chownSync(path, 1, 2)
    await replaced()
    expect(lstatSync(path)).toMatchObject({ uid: 1, gid: 2 })
    chmodSync(dirname(path), 0o777)
    process.setegid?.(3)
    process.seteuid?.(3)
    try {
      expect(await replaced()).toEqual([0o600, 0o600])
    } finally {
      process.seteuid?.(0)
      process.setegid?.(0)
    }
  })

  test('is written behind a symbolic link, and never in the place of a device', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'target'), 'old')
    symlinkSync('target', join(folder, 'link'))
    const file = await createAtomicFile(join(folder, 'link'), writer)
    await file.write(randomBytes(10))
    await file.flush()
    await file.commit()
    expect(new Uint8Array(readFileSync(join(folder, 'target')))).toEqual(randomBytes(10))
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true)
    await expect(createAtomicFile('/dev/null', writer)).rejects.toMatchObject({ kind: 'exists' })
  })

  test('is refused at once where it could not get its name at the end, or would replace a link to nothing', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), 'old')
    symlinkSync('elsewhere', join(folder, 'link'))
    for (const path of ['', join(folder, 'none/'), join(folder, 'file/')]) {
      await expect(createAtomicFile(path, writer)).rejects.toMatchObject({ kind: 'usage' })
    }
    await expect(createAtomicFile(join(folder, 'link'), writer)).rejects.toMatchObject({ kind: 'exists' })
    expect(filesBelow(folder).toSorted()).toEqual(['file', 'link'])
  })
})
