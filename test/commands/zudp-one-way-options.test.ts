import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.ts'
import type { Command } from '../../src/cli/command.ts'
import { allOptions } from '../../src/cli/common-options.ts'
import { sortWords } from '../../src/cli/words.ts'
import { zudpRecv } from '../../src/commands/zudp-recv.ts'
import { zudpSend } from '../../src/commands/zudp-send.ts'

/** A run that ends before anything is opened; none of these needs a terminal. */
async function run(program: string, words: readonly string[]): Promise<void> {
  const command = programs[program]!
  const options = allOptions(command)
  const given = sortWords(command, options, [...words, '--insecure', '127.0.0.1:9'])
  await command.run((await parseArguments(command, options, given, new Map())) as never, {} as never)
}

const programs = { 'zudp-send': zudpSend, 'zudp-recv': zudpRecv } as unknown as Record<string, Command>
const [sender, receiver] = ['zudp-send', 'zudp-recv']

function refused(program: string, words: string, message: string) {
  return expect(run(program, words.split(' '))).rejects.toMatchObject({ kind: 'usage', message })
}

describe('an option that means nothing alone is a mistake:', () => {
  const ofOneWay = ['only=x', 'repair=20+2', 'burst=5ms', 'framesize=1500', 'dummy-data=x', 'full-sync', 'pool=x']
  const ofDelta = ['send-delta', 'delta-start=x', 'delta-end=x']
  const ofRaw = ['interface=lo', 'source-ip=::1', 'source-mac=x', 'destination-ip=::1', 'destination-mac=x']

  it.each([...ofOneWay, ...ofDelta])('zudp-send --%s without --one-way or --raw', (option) =>
    refused(sender, `--${option}`, `--${option.split('=')[0]} is for --one-way`),
  )

  it.each(ofRaw)('zudp-send --%s without --raw', async (option) => {
    const message = `--${option.split('=')[0]} is for --raw`
    await refused(sender, `--${option}`, message)
    await refused(sender, `--${option} --one-way --rate=1M`, message)
  })

  it.each(['repair-request=x', 'patch=x', 'seen=x', 'gaps=zero', 'gaps=stop'])('zudp-recv --%s', (option) =>
    refused(receiver, `--${option}`, `--${option.split('=')[0]} is for --one-way`),
  )

  it.each([
    [sender, '--pool=x', '--pool is for --full-sync'],
    [sender, '--delta-end=x', '--delta-end is for --send-delta'],
    [sender, '--full-sync', '--full-sync needs --pool'],
    [sender, '--send-delta --delta-start=x', '--send-delta needs --delta-end'],
    [receiver, '--interface=lo', '--interface is for --raw'],
  ])('and so with --one-way: %s %s', (program, words, message) =>
    refused(program, `${words} --one-way${program === sender ? ' --rate=1M' : ''}`, message),
  )
})

describe('options that exclude each other:', () => {
  it.each([
    [sender, '--name=x', '--name is not for --one-way'],
    [sender, '--trace=x', '--trace is not for --one-way'],
    [sender, '--wait=9s', '--wait is not for --one-way'],
    [sender, '--timeout=9s', '--timeout is not for --one-way'],
    [sender, '--only=x --dummy-data=x', '--dummy-data is not for --only'],
    [sender, '--only=x --allow-empty', '--allow-empty is not for --only'],
    [sender, '--full-sync --pool=x --send-delta', '--send-delta is not for --full-sync'],
    [receiver, '--exec=cat', '--exec is not for --one-way'],
    [receiver, '--trace=x', '--trace is not for --one-way'],
    [receiver, '--patch=x --gaps=zero', '--gaps is not for --patch'],
  ])('%s %s', (program, words, message) =>
    refused(program, `${words} --one-way${program === sender ? ' --rate=1M' : ''}`, message),
  )

  it('zudp-recv --keep --wait: it waits until a signal', () =>
    refused(receiver, '--keep --exec=cat --wait=9s', '--wait is not for --keep'))
})
