import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { freePort } from '../fakes/free-port.ts'
import { sh, start } from '../fakes/programs.ts'
import { SeededRandom } from '../fakes/seeded-random.ts'
import { startUdpRelay } from '../fakes/udp-relay.ts'

const content = Buffer.from(new SeededRandom(5).bytes(600_000))

describe('what was lost beyond repair', () => {
  /** Sends through a relay into a file; the words are shell, and $1 is the port. */
  async function shellTransfer(folder: string, drop: number, receive: string, send: string) {
    const port = await freePort()
    const relay = await startUdpRelay(port, { drop }, 4)
    const options = `--one-way --insecure --format=bytes`
    const fast = '--rate=600K --burst=100ms'
    const line = `rm -f received; zudp-recv -v ${options} ${receive} 127.0.0.1:${port} 2>received & until grep -q listening received 2>/dev/null; do sleep 0.05; done
      zudp-send ${options} ${fast} ${send} 127.0.0.1:${relay.port}; echo sent $?; wait $!; echo received $?`
    return sh(line, folder)
  }
  const [done, lost] = ['sent 0\nreceived 0\n', 'sent 0\nreceived 65\n']

  it('is asked for, sent again and put in its place, also if that is lost in part', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'in'), content)
    const ask = '--repair-request=missing'
    const first = await shellTransfer(folder, 0.1, `--gaps=zero ${ask} >out`, '<in')
    expect(first).toMatchObject({ stdout: lost })
    const request = readFileSync(join(folder, 'missing'), 'utf8')
    expect(request).toMatch(/^# zudp: .*\nbytes 600000\nxxh64 [0-9a-f]{16}\n(\d+-\d+\n){5,}$/)
    const second = await shellTransfer(folder, 0.6, `--patch=out ${ask}`, '--only=missing <in')
    expect(second).toMatchObject({ stdout: lost })
    const less = readFileSync(join(folder, 'missing'), 'utf8')
    expect(less.length).toBeLessThanOrEqual(request.length)
    const third = await shellTransfer(folder, 0, `--patch=out ${ask}`, '--only=missing <in')
    expect(third).toEqual({ status: 0, stdout: done, stderr: '' })
    expect(readFileSync(join(folder, 'out')).equals(content)).toBe(true)
    expect(existsSync(join(folder, 'missing'))).toBe(false)
  })

  it('is all from the first gap on, if nothing was written after it', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'in'), content)
    await shellTransfer(folder, 0.1, '--repair-request=missing >out', '<in')
    const kept = readFileSync(join(folder, 'out')).length
    expect(readFileSync(join(folder, 'missing'), 'utf8')).toMatch(new RegExp(`\\n${kept}-599999\\n$`))
    const patched = await shellTransfer(folder, 0, '--patch=out', '--only=missing <in')
    expect(patched).toEqual({ status: 0, stdout: done, stderr: '' })
    expect(readFileSync(join(folder, 'out')).equals(content)).toBe(true)
  })

  it('is not sent from another file, a pipe, or a list that is none', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'in'), content)
    writeFileSync(join(folder, 'missing'), `bytes 600000\nxxh64 ${'0'.repeat(16)}\n0-9\n`)
    writeFileSync(join(folder, 'open'), 'bytes unknown\nxxh64 unknown\n600000-\n')
    const send = (words: string) =>
      sh(`zudp-send --one-way --insecure --rate=1M --format=bytes --only=${words}`, folder)
    expect(await send('missing 127.0.0.1:9 <in')).toMatchObject({
      status: 65,
      stderr: expect.stringContaining('digest'),
    })
    expect(await send('open 127.0.0.1:9 <in')).toMatchObject({ status: 65, stderr: expect.stringContaining('ends at') })
    expect(await send('open 127.0.0.1:9 < <(cat in)')).toMatchObject({ status: 64 })
    expect(await send('in 127.0.0.1:9 <in')).toMatchObject({ status: 78 })
  })

  it('is not listened for where it could not be listed', async () => {
    for (const file of ['--seen=none/x', '--repair-request=none/x'])
      expect(await sh(`zudp-recv --one-way --insecure --wait=1s ${file} 127.0.0.1:9`, temporaryFolder())).toMatchObject(
        {
          status: 69,
          stderr: 'zudp-recv: cannot access none: no such file or directory\n',
        },
      )
  })

  it('is told though it cannot be listed', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'in'), content)
    mkdirSync(join(folder, 'missing/x'), { recursive: true })
    expect(await shellTransfer(folder, 0.5, '--repair-request=missing >out', '<in')).toMatchObject({ stdout: lost })
    const said = readFileSync(join(folder, 'received'), 'utf8')
    expect(said).toMatch(/cannot list in missing what is missing: .*\n.*bytes are lost beyond repair: \d+-/s)
  })

  it('is not put into another file, which stays as it was', async () => {
    const folder = temporaryFolder()
    const other = Buffer.from(new SeededRandom(6).bytes(700_000))
    writeFileSync(join(folder, 'in'), content)
    writeFileSync(join(folder, 'other'), other)
    writeFileSync(join(folder, 'asked'), 'bytes unknown\nxxh64 unknown\n1000-1999\n')
    writeFileSync(join(folder, 'missing'), 'bytes unknown\nxxh64 unknown\n200-299\n')
    // The last is the right patch, for another file than the one that is given.
    for (const ask of ['', '--repair-request=asked', '--repair-request=missing']) {
      const patched = await shellTransfer(folder, 0, `--patch=other ${ask}`, '--only=missing <in')
      expect(patched.stdout).toBe(lost)
      expect(readFileSync(join(folder, 'received'), 'utf8')).toContain('the patch is of another file')
    }
    expect(readFileSync(join(folder, 'other')).equals(other)).toBe(true)
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe('bytes unknown\nxxh64 unknown\n1000-1999\n')
  })

  it('does not make a file that was changed meanwhile look whole', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'in'), content)
    writeFileSync(join(folder, 'out'), Buffer.from(content).fill(1, 100, 101))
    writeFileSync(join(folder, 'missing'), 'bytes unknown\nxxh64 unknown\n200-299\n')
    const patched = await shellTransfer(folder, 0, '--patch=out', '--only=missing <in')
    expect(patched.stdout).toBe(lost)
    expect(readFileSync(join(folder, 'received'), 'utf8')).toContain('after the patch')
  })
})

describe('memory', () => {
  it('stays below --memory at both ends while nobody reads the output, and the loss is told', async () => {
    const port = await freePort()
    const receiver = start('zudp-recv', ['-v', '--one-way', '--insecure', `127.0.0.1:${port}`])
    await receiver.saw('listening')
    receiver.child.stdout.pause()
    const words = ['--one-way', '--insecure', '--rate=20M', '--burst=20ms', '--format=bytes', `127.0.0.1:${port}`]
    const sender = start('zudp-send', words)
    const peaks = watchPeaks([receiver.child.pid!, sender.child.pid!])
    sender.child.stdin.end(Buffer.alloc(80_000_000, 'x'))
    expect((await sender.ended).status).toBe(0)
    expect(Math.max(...peaks())).toBeLessThan(128)
    expect(Math.min(...peaks())).toBeGreaterThan(40)
    receiver.child.stdout.resume()
    expect(await receiver.ended).toMatchObject({
      status: 65,
      stderr: expect.stringContaining('packets came while the reader of the output stood still'),
    })
  })
})

/** The most memory of programs as long as they run, in MiB. */
function watchPeaks(pids: readonly number[]): () => number[] {
  const peaks = new Map<number, number>()
  const look = () => {
    for (const pid of pids) {
      const [, kib = '0'] = /^VmHWM:\s+(\d+)/m.exec(readStatus(pid)) ?? []
      peaks.set(pid, Math.max(peaks.get(pid) ?? 0, Number(kib) / 1024))
    }
  }
  const timer = setInterval(look, 50)
  onTestFinished(() => clearInterval(timer))
  return () => [...peaks.values()]
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}
