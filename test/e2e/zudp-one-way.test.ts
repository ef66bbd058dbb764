import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { freePort } from '../fakes/free-port.ts'
import { runProgram, sh, start } from '../fakes/programs.ts'
import { SeededRandom } from '../fakes/seeded-random.ts'
import { type RelayFaults, startUdpRelay } from '../fakes/udp-relay.ts'

const content = Buffer.from(new SeededRandom(5).bytes(600_000))
const silence = { status: 0, stdout: '', stderr: '' }

interface Words {
  readonly send?: readonly string[]
  readonly receive?: readonly string[]
}

/** A transfer through a relay, with a key unless `isOpen`. The receiver listens before the sender begins. */
async function transfer(faults: RelayFaults, { send = [], receive = [] }: Words = {}, input: Buffer = content) {
  const folder = temporaryFolder()
  const key = join(folder, 'key')
  await runProgram('zudp-send', ['--new-key', key])
  const port = await freePort()
  const relay = await startUdpRelay(port, faults, 3)
  const receiver = start('zudp-recv', ['-v', '--one-way', '--key', key, '--timeout=10s', ...receive, `:${port}`])
  const pieces: Buffer[] = []
  receiver.child.stdout.on('data', (bytes: Buffer) => pieces.push(bytes))
  await receiver.saw('listening')
  // Slow, and with repair for long pauses, so that a busy machine loses nothing but what the relay drops.
  const rate = ['--rate', '600K', '--burst=100ms', '--format=bytes']
  const words = ['--one-way', '--key', key, ...rate, ...send, `127.0.0.1:${relay.port}`]
  const sent = await runProgram('zudp-send', words, input)
  const received = await receiver.ended
  return { folder, key, relay, sent, received, output: Buffer.concat(pieces) }
}

describe('through a network that never carries a packet back, and', () => {
  it.each([
    ['is perfect', {}],
    ['drops 0.5 %', { drop: 0.005 }],
    ['copies 20 %', { duplicate: 0.2 }],
    ['changes a bit in 0.5 %', { corrupt: 0.005 }],
    ['holds up 30 %', { reorder: 0.3 }],
    ['does all of it', { drop: 0.003, duplicate: 0.1, corrupt: 0.003, reorder: 0.2 }],
  ] as const)('%s', async (_, faults) => {
    const { relay, sent, received, output } = await transfer(faults, { send: ['--repair=20+4'] })
    expect(sent).toEqual(silence)
    expect(received.status).toBe(0)
    expect(output.equals(content)).toBe(true)
    expect(relay.counts.forth).toBeGreaterThan(450)
    expect(relay.counts.back).toBe(0)
  })

  it('loses more than repair gives back: 65, ranges, and nothing from the first of them on', async () => {
    const { sent, received, output } = await transfer({ drop: 0.1 })
    expect(sent).toEqual(silence)
    expect(received.status).toBe(65)
    const [, first = ''] = /bytes are lost beyond repair: (\d+)-\d+, /.exec(received.stderr) ?? []
    expect(output.length).toBeLessThanOrEqual(Number(first))
    expect(output.equals(content.subarray(0, output.length))).toBe(true)
  })

  it('the same, with zeros in their place', async () => {
    const { received, output } = await transfer({ drop: 0.1 }, { receive: ['--gaps=zero'] })
    expect(received.status).toBe(65)
    const [, total = ''] = /zudp-recv: (\d+) bytes are lost beyond repair/.exec(received.stderr) ?? []
    expect(output.length).toBe(content.length)
    const differing = output.reduce((count, byte, at) => count + (byte === content[at] ? 0 : 1), 0)
    // A byte in 256 was zero before.
    expect(differing).toBeGreaterThan(0.98 * Number(total))
    expect(differing).toBeLessThanOrEqual(Number(total))
  })
})

describe('a sender', () => {
  it('needs a rate, and frames that the interface takes', async () => {
    const send = (...words: string[]) =>
      runProgram('zudp-send', ['--one-way', '--insecure', ...words, '127.0.0.1:9'], 'x')
    expect(await send()).toMatchObject({ status: 64, stderr: expect.stringContaining('--one-way needs --rate') })
    expect(await send('--rate=1M', '--framesize=65600')).toMatchObject({ status: 64 })
    expect(await send('--rate=1M', '--framesize=200')).toMatchObject({ status: 64 })
    expect(await send('--rate=1M', '--repair=250+7')).toMatchObject({ status: 64 })
    expect(await send('--rate=1G', '--burst=1s')).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('memory'),
    })
  })

  it.skipIf(userInfo().uid !== 0)(
    'does not claim that all is sent when its own system sends nothing (root)',
    async () => {
      const script = `ip link add one type veth peer name other
      ip addr add 10.9.9.1/24 dev one; ip link set one up; ip link set other up
      (echo a; sleep 1; ip link set one down; echo b) | zudp-send --one-way --insecure --rate 1M 10.9.9.2:9`
      const ended = await sh(`unshare -n bash --norc -c '${script}'`)
      expect(ended).toMatchObject({
        status: 69,
        stderr: 'zudp-send: 10.9.9.2:9: cannot send there: ENETUNREACH\n',
      })
    },
  )

  it('that is killed: the receiver ends with 75, and does not claim the end', async () => {
    const port = await freePort()
    const receiver = start('zudp-recv', ['-v', '--one-way', '--insecure', '--timeout=1s', `127.0.0.1:${port}`])
    await receiver.saw('listening')
    const sender = start('zudp-send', ['--one-way', '--insecure', '--rate=1M', '--format=bytes', `127.0.0.1:${port}`])
    sender.child.stdin.write(content)
    await receiver.saw('began')
    sender.child.kill('SIGKILL')
    const { status, stderr } = await receiver.ended
    expect(status).toBe(75)
    expect(stderr).toContain('nothing was heard of the sender for 1 s, and it had not ended')
  })

  it('whose input pauses for longer than the time-out: all arrives', async () => {
    const port = await freePort()
    const receiver = start('zudp-recv', ['-v', '--one-way', '--insecure', '--timeout=1s', `127.0.0.1:${port}`])
    await receiver.saw('listening')
    const line = `(echo a; sleep 2.5; echo b) | zudp-send --one-way --insecure --rate 1M 127.0.0.1:${port}`
    expect(await sh(line)).toEqual(silence)
    expect(await receiver.ended).toMatchObject({ status: 0, stdout: 'a\nb\n' })
  })

  it('of a ZFS stream that was cut short: 65 at both ends', async () => {
    const gz = join(import.meta.dirname, '../vectors/demo/full.zfs.gz')
    const port = await freePort()
    const receiver = start('zudp-recv', ['-v', '--one-way', '--insecure', `127.0.0.1:${port}`])
    let written = 0
    receiver.child.stdout.on('data', (bytes: Buffer) => (written += bytes.length))
    await receiver.saw('listening')
    const line = `gzip -dc ${gz} | head -c 100000 | zudp-send --one-way --insecure --rate 4M 127.0.0.1:${port}`
    expect(await sh(line)).toMatchObject({ status: 65, stderr: expect.stringContaining('is truncated') })
    const { status, stderr } = await receiver.ended
    expect(status).toBe(65)
    expect(written).toBeLessThan(100_000)
    expect(stderr).toContain('the sender gave up: the stream of')
  })
})

describe('a transfer of the past that is sent again', () => {
  it('is refused by who has seen it, and taken by who has not', async () => {
    const first = await transfer({}, {}, content.subarray(0, 300_000))
    expect(first.received.status).toBe(0)
    const replay = async (...words: string[]) => {
      const port = await freePort()
      const receiver = start('zudp-recv', ['-v', '--one-way', '--key', first.key, '--wait=2s', ...words, `:${port}`])
      await receiver.saw('listening')
      const relay = await startUdpRelay(port, {})
      for (const { bytes } of first.relay.seen) relay.inject('forth', bytes)
      return receiver.ended
    }
    const seen = join(first.folder, 'seen')
    expect((await replay('--seen', seen)).status).toBe(0)
    expect(readFileSync(seen, 'utf8')).toMatch(/^# zudp: .*\n\d{4}-.*Z\n$/)
    expect(await replay('--seen', seen)).toMatchObject({ status: 77, stdout: '' })
    expect((await replay()).status).toBe(0)
  })
})
