import { startChild } from '../stream/child.ts'
import type { Abilities } from './messages.ts'

/** What this machine's `zfs` can do, as the usage it prints says. */
export async function findAbilities(signal?: AbortSignal): Promise<Abilities> {
  const [send, receive] = await Promise.all([usageOf('send', signal), usageOf('receive', signal)])
  return parseAbilities(send, receive)
}

export function parseAbilities(sendUsage: string, receiveUsage: string): Abilities {
  return {
    send: flagsIn(sendUsage),
    canResume: flagsIn(receiveUsage).includes('s'),
    canSetProperties: /\[-o <?property/.test(receiveUsage) && /\[-x <?property/.test(receiveUsage),
  }
}

/** The letters of the first group of flags: `[-DLPbcehnpsVvw]`. */
function flagsIn(usage: string): string {
  return /\[-([A-Za-z]+)\]/.exec(usage)?.[1] ?? ''
}

/** Without arguments it tells how it is used, and ends with status 2. */
async function usageOf(verb: 'send' | 'receive', signal: AbortSignal | undefined): Promise<string> {
  const child = startChild(['zfs', verb], { stdin: 'ignore', stdout: 'ignore', stderr: 'keep', signal })
  await child.ended
  return child.stderrTail()
}
