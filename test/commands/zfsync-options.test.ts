import { expect, it } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.ts'
import type { Command } from '../../src/cli/command.ts'
import { allOptions } from '../../src/cli/common-options.ts'
import { sortWords } from '../../src/cli/words.ts'
import { zfsyncRecv } from '../../src/commands/zfsync-recv.ts'
import { zfsyncSend } from '../../src/commands/zfsync-send.ts'

const programs: Readonly<Record<string, unknown>> = { 'zfsync-send': zfsyncSend, 'zfsync-recv': zfsyncRecv }
const ofTrust = ['--key=x', '--tls-cert=x', '--tls-key=x', '--tls-ca=x', '--insecure']

it.each([
  ...ofTrust.map((word) => ['zfsync-send', word, '--connect'] as const),
  ...[...ofTrust, '--allow=anna=tank/anna'].map((word) => ['zfsync-recv', word, '--listen'] as const),
])('%s %s without %s would trust whoever is there, and is refused', async (program, word, needed) => {
  const command = programs[program] as Command
  const options = allOptions(command)
  for (const way of [[], ['--via=x']]) {
    const given = sortWords(command, options, [word, ...way, 'tank'])
    const args = await parseArguments(command, options, given, new Map())
    await expect(command.run(args as never, {} as never)).rejects.toMatchObject({
      kind: 'usage',
      message: `${word.split('=')[0]} is for ${needed}`,
    })
  }
})
