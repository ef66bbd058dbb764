import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { freePort } from '../fakes/free-port.ts'
import { runProgram, sh } from '../fakes/programs.ts'

interface Event {
  readonly name: string
  readonly ph: string
  readonly ts?: number
  readonly args: Record<string, number>
}

/** The values of one counter over time. */
function valuesOf(trace: string, track: string, counter: string): number[] {
  const events = JSON.parse(trace) as Event[]
  const times = events.filter(({ ph }) => ph === 'C').map(({ ts }) => ts!)
  expect(times).toEqual([...times].sort((one, other) => one - other))
  return events.filter(({ name }) => name === track).map(({ args }) => args[counter]!)
}

it('both ends say where the time went, and trace it', async () => {
  const folder = temporaryFolder()
  await runProgram('zudp-send', ['--new-key', join(folder, 'key')])
  const port = await freePort()
  const send = `head -c 3000000 /dev/zero | zudp-send -v --rate 2M --trace sent --key key 127.0.0.1:${port} 2>said`
  // The sender begins when the receiver listens, so that it waits for nobody on a busy machine either.
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const listens = `for i in $(seq 200); do grep -q ':${hex} ' /proc/net/udp /proc/net/udp6 && break; sleep 0.05; done`
  const line = `zudp-recv -v --trace got --key key :${port} 2>heard | wc -c & ${listens}; ${send} && wait $!`
  expect(await sh(line, folder)).toMatchObject({ status: 0, stdout: '3000000\n' })
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  // What is sent at a fixed rate waits for the rate.
  expect(read('said')).toMatch(/time: path \d\d %/)
  expect(read('heard')).toMatch(/time: peer \d\d %/)
  const paced = valuesOf(read('sent'), 'rate, Mbit/s', 'paced')
  expect(paced.length).toBeGreaterThan(5)
  // 2 MiB/s.
  expect(Math.max(...paced)).toBeLessThan(16.9)
  expect(Math.max(...valuesOf(read('sent'), 'ring, %', 'filled'))).toBeGreaterThan(1)
  expect(valuesOf(read('got'), 'received, MB', 'received').at(-1)).toBeGreaterThan(3)
})

it('a trace that cannot be written is named, and the other end is told', async () => {
  const folder = temporaryFolder()
  await runProgram('zudp-send', ['--new-key', join(folder, 'key')])
  const port = await freePort()
  const line = `echo x | zudp-send --trace no/such --key key 127.0.0.1:${port} & zudp-recv --key key :${port} ; r=$?; wait $!; exit $((1000 * $? + r == 69075 ? 0 : 1))`
  const { status, stderr } = await sh(line, folder)
  expect(status).toBe(0)
  expect(stderr).toContain('no/such')
})
