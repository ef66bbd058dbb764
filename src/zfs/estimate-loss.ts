import { Failure } from '../errors.ts'
import { destroyCalls } from './destroy-snapshots.ts'
import { runZfs } from './zfs-command.ts'

/**
 * The bytes that destroying these snapshots of a dataset would free, each given by what follows its `@`; fewer than that
 * where they take several calls, since what is shared between calls is not counted. Undefined where ZFS cannot say, such
 * as zfs-fuse.
 */
export async function estimateFreed(dataset: string, names: readonly string[]): Promise<number | undefined> {
  let bytes = 0
  for (const [verb = '', ...words] of destroyCalls(dataset, names)) {
    const reclaimed = /^reclaim\t(\d+)$/m.exec(await runUnlessRefused(verb, '-nvp', ...words))?.[1]
    if (reclaimed === undefined) return undefined
    bytes += Number(reclaimed)
  }
  return bytes
}

/** The bytes written to the dataset since this snapshot of it was taken. Undefined where ZFS does not tell. */
export async function bytesWrittenSince(snapshot: string): Promise<number | undefined> {
  const [dataset = '', name] = snapshot.split('@')
  const text = await runUnlessRefused('get', '-Hp', '-o', 'value', `written@${name}`, dataset)
  return /^\d+$/.test(text.trim()) ? Number(text) : undefined
}

async function runUnlessRefused(...words: readonly string[]): Promise<string> {
  try {
    return await runZfs(...words)
  } catch (error) {
    if (error instanceof Failure) return ''
    throw error
  }
}
