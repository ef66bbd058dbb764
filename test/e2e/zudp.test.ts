import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { freePort } from '../fakes/free-port.ts'
import { runProgram, sh, start } from '../fakes/programs.ts'

const silence = { status: 0, stdout: '', stderr: '' }

/** A folder with a key in it, and a free port. */
async function prepared() {
  const folder = temporaryFolder()
  const key = join(folder, 'key')
  expect(await runProgram('zudp-send', ['--new-key', key])).toEqual(silence)
  return { folder, key, port: await freePort() }
}

describe('zudp-send | zudp-recv', () => {
  it.each([
    ['nothing', 0],
    ['one byte', 1],
    ['one packet, or one more byte', 1453],
    ['40 MB', 40_000_000],
  ])('brings %s over, whoever starts first', async (_, length) => {
    const { folder, key, port } = await prepared()
    writeFileSync(join(folder, 'in'), randomBytes(length))
    const send = `zudp-send --allow-empty --key key 127.0.0.1:${port} <in`
    const receive = `zudp-recv --key key :${port} >out`
    expect(await sh(`(sleep 0.7; ${send}) & ${receive} && wait $! && cmp in out`, folder)).toEqual(silence)
    expect(await sh(`(sleep 0.7; ${receive}) & ${send} && wait $! && cmp in out`, folder)).toEqual(silence)
    expect(existsSync(key)).toBe(true)
  })

  it('tells both ends of a disk that is full', async () => {
    const { folder, key, port } = await prepared()
    const receiver = sh(`zudp-recv --key ${key} :${port} >/dev/full`, folder)
    const sent = await sh(`echo hello | zudp-send --key ${key} 127.0.0.1:${port}`, folder)
    expect(sent).toMatchObject({ status: 74, stderr: expect.stringContaining('the receiver gave up: ENOSPC') })
    expect(await receiver).toMatchObject({ status: 74, stderr: expect.stringContaining('no space left on device') })
  })

  it.each(['', '--one-way'])('uses what it can of more memory than it can %s', async (way) => {
    const { folder, port } = await prepared()
    const send = `zudp-send ${way} ${way && '--rate=1M'} --memory=64G --key key 127.0.0.1:${port}`
    const receive = `zudp-recv -v ${way} --memory=64G --key key :${port} 2>told`
    const listening = way === '' ? '' : 'until grep -q listening told 2>/dev/null; do sleep 0.05; done;'
    const line = `${receive} & ${listening} echo hello | ${send} && wait $!`
    expect(await sh(line, folder)).toEqual({ ...silence, stdout: 'hello\n' })
  })

  it.each(['', '--one-way'])(
    'P1: an input that is empty ends with 65 at both ends, unless it may be %s',
    async (way) => {
      const { folder, port } = await prepared()
      const listening = way === '' ? '' : 'until grep -q listening told; do sleep 0.05; done'
      const line = (allow: string) => `zudp-recv -v ${way} --key key :${port} 2>told & r=$!
      ${listening}
      false | zudp-send ${way} ${way && '--rate=1M'} ${allow} --key key 127.0.0.1:${port}; s="$\{PIPESTATUS[1]}"; wait $r; echo $s $?`
      const hint = 'zudp-send: hint: --allow-empty takes it all the same\n'
      expect(await sh(line(''), folder)).toEqual({
        status: 0,
        stdout: '65 65\n',
        stderr: `zudp-send: the input is empty\n${hint}`,
      })
      expect(readFileSync(join(folder, 'told'), 'utf8')).toMatch(/^zudp-recv: the sender gave up: the input is empty$/m)
      expect(await sh(line('--allow-empty'), folder)).toEqual({ ...silence, stdout: '0 0\n' })
    },
  )

  it.each(['[::1]', 'localhost'])('finds %s', async (host) => {
    const { folder, port } = await prepared()
    const line = `echo hello | zudp-send --key key ${host}:${port} & zudp-recv --key key :${port}; wait $!`
    expect(await sh(line, folder)).toEqual({ ...silence, stdout: 'hello\n' })
  })

  it('says which address of a name it called, and which name is none', async () => {
    const { key, port } = await prepared()
    expect(await runProgram('zudp-send', ['--key', key, '--wait=1s', `localhost:${port}`])).toMatchObject({
      stderr: expect.stringMatching(/localhost:\d+: no receiver answered .*\n.* to (127\.0\.0\.1|\[::1\]):\d+\n$/),
    })
    expect(await runProgram('zudp-recv', ['--key', key, 'no.such.host.invalid:9'])).toMatchObject({
      status: 69,
      stderr: 'zudp-recv: no.such.host.invalid: no such host is known\n',
    })
  })

  it('P8: goes without a key only if both ends say so', async () => {
    const { folder, port } = await prepared()
    const line = (send: string, receive: string) =>
      sh(
        `echo hello | zudp-send ${send} 127.0.0.1:${port} & zudp-recv ${receive} --wait 2s :${port}; r=$?; wait $!; exit $(($? * 1000 + r > 255 ? 1 : 0))`,
        folder,
      )
    expect(await line('--insecure', '--insecure')).toEqual({ ...silence, stdout: 'hello\n' })
    expect(await line('--insecure', '--key key')).toMatchObject({ status: 1, stdout: '' })
    expect(await line('--key key', '--insecure')).toMatchObject({ status: 1, stdout: '' })
    expect(await runProgram('zudp-send', ['127.0.0.1:9'])).toMatchObject({ status: 64 })
    expect(await runProgram('zudp-recv', [':9'])).toMatchObject({ status: 64 })
  })

  it('P8: refuses another key with 77, and waits on for one who has the right one', async () => {
    const { folder, key, port } = await prepared()
    const wrong = join(folder, 'wrong')
    await runProgram('zudp-send', ['--new-key', wrong])
    const receiver = start('zudp-recv', ['--key', key, `:${port}`])
    expect(await runProgram('zudp-send', ['--key', wrong, `127.0.0.1:${port}`], 'x')).toEqual({
      status: 77,
      stdout: '',
      stderr: 'zudp-send: the receiver has another key\nzudp-send: hint: give both ends the same key file\n',
    })
    expect(await runProgram('zudp-send', ['--key', key, `127.0.0.1:${port}`], 'x')).toEqual(silence)
    expect(await receiver.ended).toEqual({ ...silence, stdout: 'x' })
  })

  it('says with 77 at the receiver that only others called', async () => {
    const { folder, key, port } = await prepared()
    const wrong = join(folder, 'wrong')
    await runProgram('zudp-send', ['--new-key', wrong])
    const receiver = start('zudp-recv', ['--key', key, '--wait', '3s', `:${port}`])
    expect(await runProgram('zudp-send', ['--key', wrong, `127.0.0.1:${port}`], 'x')).toMatchObject({ status: 77 })
    expect(await receiver.ended).toMatchObject({ status: 77, stdout: '' })
  })

  it('ends with 69 if the other end never appears', async () => {
    const { key, port } = await prepared()
    const [sender, receiver] = await Promise.all([
      runProgram('zudp-send', ['--key', key, '--wait', '1s', `127.0.0.1:${port}`], 'x'),
      runProgram('zudp-recv', ['--key', key, '--wait', '1s', `127.0.0.1:${await freePort()}`]),
    ])
    expect(sender).toMatchObject({ status: 69, stdout: '' })
    expect(receiver).toMatchObject({ status: 69, stdout: '' })
  })

  it.skipIf(userInfo().uid !== 0)('says that there is no route (root)', async () => {
    const line = 'echo x | zudp-send --insecure --wait 1s 192.0.2.1:9'
    expect(await sh(`unshare -n bash --norc -c '${line}'`)).toEqual({
      status: 69,
      stdout: '',
      stderr: 'zudp-send: 192.0.2.1:9: cannot send there: ENETUNREACH\n',
    })
  })

  it('says that a port is in use', async () => {
    const { key, port } = await prepared()
    const first = start('zudp-recv', ['-v', '--key', key, `:${port}`])
    await sleep(700)
    expect(await runProgram('zudp-recv', ['--key', key, `:${port}`])).toEqual({
      status: 69,
      stdout: '',
      stderr: `zudp-recv: *:${port}: another program has this port\n`,
    })
    first.child.kill()
  })

  it('serves one sender; a second one waits, and gets 75 or the next receiver', async () => {
    const { folder, key, port } = await prepared()
    writeFileSync(join(folder, 'in'), randomBytes(3_000_000))
    const receiver = start('zudp-recv', ['-v', '--key', key, `:${port}`])
    const first = start('zudp-send', ['--key', key, '--rate=1M', `127.0.0.1:${port}`])
    first.child.stdin.end(readFileSync(join(folder, 'in')))
    await receiver.saw('connected')
    const late = runProgram('zudp-send', ['--key', key, '--wait=1s', `127.0.0.1:${port}`], 'late')
    expect(await late).toMatchObject({ status: 75, stderr: expect.stringContaining('is busy with another sender') })
    expect(await first.ended).toEqual(silence)
    expect((await receiver.ended).status).toBe(0)
  })
})

describe('when an end dies', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)('the receiver by %s: the sender ends with 75', async (signal) => {
    const { key, port } = await prepared()
    const receiver = start('zudp-recv', ['-v', '--key', key, `:${port}`])
    const sender = start('zudp-send', ['--key', key, '--timeout=2s', '--rate=1M', `127.0.0.1:${port}`])
    sender.child.stdin.write(randomBytes(4_000_000))
    await receiver.saw('connected')
    await sleep(300)
    const killedMs = performance.now()
    receiver.child.kill(signal)
    expect(await sender.ended).toMatchObject({ status: 75, stdout: '' })
    expect(performance.now() - killedMs).toBeLessThan(5000)
  })

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'the sender by %s: the receiver ends with 75, its last piece unwritten',
    async (signal) => {
      const { key, port } = await prepared()
      const receiver = start('zudp-recv', ['-v', '--key', key, '--timeout=2s', `:${port}`])
      const sender = start('zudp-send', ['--key', key, '--format=bytes', `127.0.0.1:${port}`])
      sender.child.stdin.write(Buffer.alloc(3_000_000, 'x'))
      await receiver.saw('connected')
      await sleep(500)
      sender.child.kill(signal)
      const { status, stdout } = await receiver.ended
      expect(status).toBe(75)
      expect(stdout.length).toBeLessThan(3_000_000)
    },
  )

  it("the receiver's reader: 141 there, 75 here", async () => {
    const { folder, port } = await prepared()
    const line = `head -c 50000000 /dev/zero | zudp-send --key key --timeout=5s 127.0.0.1:${port} & zudp-recv --key key :${port} | head -c 10; echo " $\{PIPESTATUS[0]}"; wait $!`
    expect(await sh(line, folder)).toMatchObject({ status: 75, stdout: `${'\0'.repeat(10)} 141\n` })
  })
})

describe('P1: a ZFS stream', () => {
  const gz = join(import.meta.dirname, '../vectors/demo/full.zfs.gz')

  it('that is whole comes over', async () => {
    const { folder, port } = await prepared()
    const line = `gzip -dc ${gz} >in; zudp-send --key key 127.0.0.1:${port} <in & zudp-recv --key key :${port} >out; wait $! && cmp in out`
    expect(await sh(line, folder)).toEqual(silence)
  })

  it('that was cut short ends with 65 at both ends, and its last piece is not written', async () => {
    const { folder, port } = await prepared()
    const line = `gzip -dc ${gz} | head -c 100000 | zudp-send --key key 127.0.0.1:${port} 2>sent & zudp-recv --key key :${port} 2>got | wc -c; echo "$\{PIPESTATUS[0]}"; wait $!`
    await expectPart(line, folder)
    expect(readFileSync(join(folder, 'sent'), 'utf8')).toMatch(
      /^zudp-send: the stream of .* is truncated: it ends at byte 100000/,
    )
    expect(readFileSync(join(folder, 'got'), 'utf8')).toMatch(
      /^zudp-recv: the sender gave up: the stream of .* is truncated/,
    )
  })

  it('that the sender did not look at is looked at by the receiver', async () => {
    const { folder, port } = await prepared()
    const line = `gzip -dc ${gz} | head -c 100000 | zudp-send --format=bytes --key key 127.0.0.1:${port} 2>sent & zudp-recv --key key :${port} 2>got | wc -c; echo "$\{PIPESTATUS[0]}"; wait $!`
    await expectPart(line, folder)
  })

  /** Of the 100,000 bytes, what came before the last piece may be out already; that piece may not. */
  async function expectPart(line: string, folder: string) {
    const { status, stdout, stderr } = await sh(line, folder)
    const [written, statusOfReceiver] = stdout.split('\n').map(Number)
    expect({ status, statusOfReceiver, stderr }).toEqual({ status: 65, statusOfReceiver: 65, stderr: '' })
    expect(written).toBeLessThan(100_000)
  }
})

describe('100 small transfers, four at a time', () => {
  it('all arrive', { timeout: 180_000 }, async () => {
    const runs = await Promise.all([0, 1, 2, 3].map(() => prepared()))
    const ended = await Promise.all(
      runs.map(({ folder, port }) =>
        sh(
          `for i in $(seq 25); do echo $i | zudp-send --key key 127.0.0.1:${port} & zudp-recv --key key :${port} || exit 1; wait $! || exit 2; done`,
          folder,
        ),
      ),
    )
    const stdout = Array.from({ length: 25 }, (_, index) => `${index + 1}\n`).join('')
    expect(ended).toEqual(runs.map(() => ({ ...silence, stdout })))
  })
})
