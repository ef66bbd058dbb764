import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ephemeralOf } from '../../src/udp/agreement.ts'
import { sealData } from '../../src/udp/bodies.ts'
import { Caller } from '../../src/udp/caller.ts'
import { openTrust } from '../../src/udp/trust.ts'
import { Wire } from '../../src/udp/wire.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { freePort } from '../fakes/free-port.ts'
import { runProgram, sh, start } from '../fakes/programs.ts'
import { test } from '../zfs-host/pools.ts'

const silence = { status: 0, stdout: '', stderr: '' }
// ZUDP_TRANSFERS=1000 for a long run.
const transfers = Number(process.env['ZUDP_TRANSFERS'] ?? 10)

/** A receiver that keeps what comes in files of the transfers' names. */
async function keeping(exec: string, timeout = '60s') {
  const folder = temporaryFolder()
  const key = join(folder, 'key')
  mkdirSync(join(folder, 'got'))
  await runProgram('zudp-send', ['--new-key', key])
  const port = await freePort()
  const command = exec.replace('FOLDER', join(folder, 'got'))
  const receiver = start('zudp-recv', ['--keep', '--exec', command, '--key', key, `--timeout=${timeout}`, `:${port}`])
  const send = (name: string[], input: string) =>
    runProgram('zudp-send', ['--key', key, ...name, `127.0.0.1:${port}`], input)
  return { folder, port, receiver, send }
}

describe('zudp-recv --keep --exec', () => {
  it(`receives ${transfers} transfers, and goes on after one that failed`, { timeout: 3_600_000 }, async () => {
    const { folder, port, receiver, send } = await keeping('tee FOLDER/%n')
    const half = Math.floor(transfers / 2)
    const some = (from: number, to: number) =>
      sh(
        `for i in $(seq ${from} ${to}); do echo "this is $i" | zudp-send --name "number $i" --key key 127.0.0.1:${port} || exit; done`,
        folder,
      )
    expect(await some(1, half)).toEqual(silence)
    expect(await send(['--name=none/such'], 'x')).toMatchObject({
      status: 74,
      stderr: expect.stringContaining('zudp-send: the receiver gave up: tee ended with status 1'),
    })
    expect(await some(half + 1, transfers)).toEqual(silence)
    const got = join(folder, 'got')
    const files = readdirSync(got).map((name) => [name, readFileSync(join(got, name), 'utf8')])
    const expected = Array.from({ length: transfers }, (_, at) => [`number ${at + 1}`, `this is ${at + 1}\n`])
    expect(new Map(files as [string, string][])).toEqual(new Map(expected as [string, string][]))
    receiver.child.kill('SIGTERM')
    expect((await receiver.ended).status).toBe(143)
  })

  it('goes on after a sender whose first packet is none of a sender', async () => {
    const { folder, port, receiver, send } = await keeping('tee FOLDER/%n')
    const trust = await openTrust({ keyFile: join(folder, 'key'), insecure: false, cipher: 'aes-256-gcm' })
    const caller = new Caller(randomBytes(8), ephemeralOf(randomBytes(32)), trust)
    const to = { address: '127.0.0.1', port }
    const wire = await Wire.open(
      {
        onDatagram: (datagram, _, nowMs) => caller.onDatagram(datagram, nowMs),
        poll: (nowMs) => caller.poll(nowMs).map((packet) => ({ packet, to })),
        get wakeAtMs() {
          return caller.wakeAtMs
        },
      },
      4,
    )
    await wire.until(() => caller.session !== undefined)
    wire.send({ packet: sealData(caller.session!, 0, 8, Buffer.alloc(8)), to })
    await receiver.saw('the sender sent what no sender of this version does')
    await wire.close()
    expect(await send(['--name=good'], 'x')).toEqual(silence)
    receiver.child.kill('SIGTERM')
    expect((await receiver.ended).status).toBe(143)
  })

  it('starts nothing for a sender without a name, and tells it', async () => {
    const { folder, receiver, send } = await keeping('tee FOLDER/%n')
    expect(await send([], 'x')).toMatchObject({
      status: 76,
      stderr: expect.stringContaining('the sender gave the transfer no name, and --exec has %n'),
    })
    expect(await send(['--name=good'], 'x')).toEqual(silence)
    expect(readdirSync(join(folder, 'got'))).toEqual(['good'])
    receiver.child.kill('SIGTERM')
    expect((await receiver.ended).stderr).toContain('hint: start zudp-send with --name NAME')
  })

  it('stops the program when the sender dies, so that it never sees an end', async () => {
    const { folder, port, receiver } = await keeping('sh -c cat>FOLDER/whole;:>FOLDER/end', '5s')
    const sender = start('zudp-send', ['--name=x', '--key', join(folder, 'key'), `127.0.0.1:${port}`])
    sender.child.stdin.write(Buffer.alloc(3_000_000))
    for (;;) {
      const files = readdirSync(join(folder, 'got'))
      if (files.length > 0) break
      await new Promise((go) => setTimeout(go, 50))
    }
    sender.child.kill('SIGKILL')
    await receiver.saw('nothing was heard of the sender for 5 s')
    expect(readdirSync(join(folder, 'got'))).toEqual(['whole'])
    receiver.child.kill('SIGTERM')
    await receiver.ended
  })

  it('is refused without --exec, and --exec without a program', async () => {
    expect(await runProgram('zudp-recv', ['--keep', '--insecure', ':9'])).toMatchObject({ status: 64 })
    expect(await runProgram('zudp-recv', ['--exec= ', '--insecure', ':9'])).toMatchObject({ status: 64 })
    expect(await runProgram('zudp-recv', ['--exec=cat', '--one-way', '--insecure', ':9'])).toMatchObject({ status: 64 })
    expect(await runProgram('zudp-send', ['--name=../x', '--insecure', '127.0.0.1:9'])).toMatchObject({ status: 64 })
  })
})

describe('zfs send | zudp-send, zudp-recv --exec zfs receive', () => {
  test('datasets by their names, one after another', async ({ zfs }) => {
    const ended = await zfs.script(`
      for name in one two "with space"; do
        zfs create "$A/$name"; fill "a/$name" 300000; zfs snapshot "$A/$name@s"
      done
      zudp-send --new-key key
      zudp-recv --keep --exec "zfs receive $B/%n" --key key 127.0.0.1:1337 & receiver=$!
      for name in one two "with space"; do
        zfs send "$A/$name@s" | zudp-send --name "$name" --key key 127.0.0.1:1337
        same "a/$name" "b/$name"
      done
      kill $receiver; ends 143 wait $receiver`)
    expect(ended).toEqual(silence)
  })
})
