import { readdir } from 'node:fs/promises'
import { Failure } from '../errors.ts'
import { describeBadEnd, startChild } from '../stream/child.ts'
import { shellWord } from '../stream/shell-words.ts'
import type { BytePath } from './entry.ts'
import { namesIn } from './listed-entries.ts'

/** What lies at the top of a folder of this machine; nothing if it is not there. */
export async function namesHere(folder: string): Promise<readonly BytePath[]> {
  return await readdir(folder, { encoding: 'latin1' }).catch(() => [])
}

/** The same on another host, which the words `reach` lead to. One that cannot be asked is a Failure 'unavailable'. */
export async function namesThere(
  reach: readonly string[],
  folder: string,
  signal: AbortSignal,
): Promise<readonly BytePath[]> {
  const words = `cd ${shellWord(folder)} 2>/dev/null || exit 0; ls -A`
  const child = startChild([...reach, words], { stdin: 'ignore', stdout: 'pipe', stderr: 'keep', signal })
  const names: BytePath[] = []
  for await (const name of namesIn(child.stdout, '\n')) names.push(name)
  const end = describeBadEnd(await child.ended)
  if (end !== undefined) throw new Failure('unavailable', `${reach.at(-1)}: ls ${end}: ${child.stderrTail()}`)
  return names
}
