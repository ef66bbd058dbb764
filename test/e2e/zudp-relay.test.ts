import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { freePort } from '../fakes/free-port.ts'
import { type Ended, runProgram, start } from '../fakes/programs.ts'
import { SeededRandom } from '../fakes/seeded-random.ts'
import { type RelayFaults, startUdpRelay, type UdpRelay } from '../fakes/udp-relay.ts'

const content = Buffer.from(new SeededRandom(5).bytes(1_500_000))

interface Run {
  readonly relay: UdpRelay
  readonly sent: Promise<Ended>
  readonly received: Promise<Ended>
  /** What the receiver has written, whole only when it has ended. */
  output(): Buffer
  saw(text: string): Promise<void>
}

/** A transfer through a relay. */
async function transfer(faults: RelayFaults, seed = 1, words: readonly string[] = [], repeat = 1): Promise<Run> {
  const folder = temporaryFolder()
  const key = join(folder, 'key')
  await runProgram('zudp-send', ['--new-key', key])
  const port = await freePort()
  const relay = await startUdpRelay(port, faults, seed)
  const receiver = start('zudp-recv', ['-v', '--key', key, '--timeout=10s', `:${port}`])
  const pieces: Buffer[] = []
  receiver.child.stdout.on('data', (bytes: Buffer) => pieces.push(bytes))
  const sender = start('zudp-send', ['-v', '--key', key, '--timeout=10s', ...words, `127.0.0.1:${relay.port}`])
  for (let count = 0; count < repeat; count++) sender.child.stdin.write(content)
  sender.child.stdin.end()
  writeFileSync(join(folder, 'in'), content)
  return { relay, sent: sender.ended, received: receiver.ended, output: () => Buffer.concat(pieces), saw: sender.saw }
}

async function expectWhole({ sent, received, output }: Run, repeat = 1): Promise<void> {
  expect(await sent).toMatchObject({ status: 0 })
  expect((await received).status).toBe(0)
  expect(output().equals(Buffer.concat(Array.from({ length: repeat }, () => content)))).toBe(true)
}

describe('through a network that', () => {
  it.each([
    ['drops 1 %', { drop: 0.01 }],
    ['drops 20 %', { drop: 0.2 }],
    ['copies 20 %', { duplicate: 0.2 }],
    ['changes a bit in 10 %', { corrupt: 0.1 }],
    ['holds up 30 %', { reorder: 0.3 }],
    ['does all of it', { drop: 0.1, duplicate: 0.1, corrupt: 0.05, reorder: 0.2 }],
  ] as const)('%s', async (_, faults) => {
    const run = await transfer(faults, 3)
    await expectWhole(run)
    expect(run.relay.counts.forth).toBeGreaterThan(150)
  })

  it.each([8972, 1472, 1392, 1300])('passes packets of up to %d bytes', async (largest) => {
    const run = await transfer({ largest })
    await expectWhole(run)
    const size = [8972, 1472, 1392, 1232].find((each) => each <= largest)
    expect((await run.sent).stderr).toContain(`packets of ${size} bytes`)
  })

  it('gives the sender another address midway', async () => {
    const run = await transfer({}, 1, ['--rate=1M'], 2)
    await run.saw('connected')
    for (let count = 0; count < 3; count++) {
      await sleep(500)
      await run.relay.rebind()
    }
    await expectWhole(run, 2)
  })

  it('is away for 4 s', async () => {
    const run = await transfer({}, 1, ['--rate=1M'], 2)
    await run.saw('connected')
    await sleep(700)
    run.relay.faults = { drop: 1 }
    await sleep(4000)
    run.relay.faults = {}
    await expectWhole(run, 2)
  })

  it('stays away: 75 at both ends, and nobody claims success', { timeout: 40_000 }, async () => {
    const run = await transfer({}, 1, ['--rate=500K'])
    await run.saw('connected')
    await sleep(500)
    run.relay.faults = { drop: 1 }
    expect(await run.sent).toMatchObject({
      status: 75,
      stderr: expect.stringContaining('nothing was heard of the receiver for 10 s'),
    })
    expect(await run.received).toMatchObject({
      status: 75,
      stderr: expect.stringContaining('nothing was heard of the sender for 10 s'),
    })
    expect(run.output().length).toBeLessThan(content.length)
  })
})

describe('an attacker on the way', () => {
  it('who sends everything again, back to whom it came from, and with other types: nothing is doubled', async () => {
    const run = await transfer({}, 1, ['--rate=1M'])
    await run.saw('connected')
    const other = { forth: 'back', back: 'forth' } as const
    for (let round = 0; round < 8; round++) {
      await sleep(120)
      for (const { direction, bytes } of run.relay.seen.slice(-150)) {
        run.relay.inject(direction, bytes)
        run.relay.inject(other[direction], bytes)
        for (const type of [8, 10, 11, 12, 13]) run.relay.inject(direction, Buffer.from(bytes).fill(type, 0, 1))
      }
    }
    await expectWhole(run)
  })

  it('who floods both ends with garbage of the right connection', async () => {
    const run = await transfer({}, 1, ['--rate=1M'])
    await run.saw('connected')
    const random = new SeededRandom(9)
    const [model] = run.relay.seen.slice(-1)
    for (let round = 0; round < 60; round++) {
      await sleep(15)
      for (let count = 0; count < 100; count++) {
        const forged = Buffer.from(random.bytes(60 + random.below(200)))
        forged.set(model!.bytes.subarray(8, 16), 8)
        forged[0] = 1 + random.below(14)
        forged[1] = 1
        run.relay.inject(count % 2 === 0 ? 'forth' : 'back', forged)
      }
    }
    await expectWhole(run)
  })

  it('sees nothing of the stream', async () => {
    const run = await transfer({})
    await expectWhole(run)
    const seen = Buffer.concat(run.relay.seen.map(({ bytes }) => bytes))
    for (let at = 0; at < content.length - 16; at += 5000)
      expect(seen.includes(content.subarray(at, at + 16))).toBe(false)
  })

  it('sees all of it without a key: the test above can fail', async () => {
    const port = await freePort()
    const relay = await startUdpRelay(port, {})
    const receiver = start('zudp-recv', ['--insecure', `:${port}`])
    expect((await runProgram('zudp-send', ['--insecure', `127.0.0.1:${relay.port}`], content)).status).toBe(0)
    expect((await receiver.ended).status).toBe(0)
    const seen = Buffer.concat(relay.seen.map(({ bytes }) => bytes))
    expect(seen.includes(content.subarray(5000, 5016))).toBe(true)
  })
})

describe('memory', () => {
  it('stays below --memory while the reader stands still', async () => {
    const folder = temporaryFolder()
    const key = join(folder, 'key')
    await runProgram('zudp-send', ['--new-key', key])
    const port = await freePort()
    const receiver = start('zudp-recv', ['--key', key, `:${port}`])
    const sender = start('zudp-send', ['--key', key, '--format=bytes', `127.0.0.1:${port}`])
    receiver.child.stdout.pause()
    const piece = Buffer.alloc(1 << 20, 'x')
    const feed = setInterval(() => sender.child.stdin.writableLength < 4 << 20 && sender.child.stdin.write(piece), 5)
    await sleep(8000)
    const peak = [receiver, sender].map(({ child }) => peakMiB(child.pid!))
    clearInterval(feed)
    sender.child.kill('SIGKILL')
    receiver.child.kill('SIGKILL')
    receiver.child.stdout.resume()
    expect(Math.max(...peak)).toBeLessThan(128)
    expect(Math.min(...peak)).toBeGreaterThan(60)
  })
})

function peakMiB(pid: number): number {
  const [, kib = '0'] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) / 1024
}
