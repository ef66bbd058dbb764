import { readdir, readFile } from 'node:fs/promises'
import { basename } from 'node:path'

/** Whether a `zfs receive` into the dataset runs on this machine, as /proc shows it: false where there is no such one. */
export async function isBeingReceived(dataset: string): Promise<boolean> {
  const names = await readdir('/proc').catch(() => [])
  const lines = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(wordsOf))
  return lines.some(([program = '', verb = '', ...words]) => {
    const isReceive = basename(program) === 'zfs' && ['receive', 'recv'].includes(verb)
    return isReceive && words.at(-1)?.split('@')[0] === dataset
  })
}

async function wordsOf(pid: string): Promise<readonly string[]> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return line.split('\0').slice(0, -1)
}
