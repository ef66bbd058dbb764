import { Failure } from '../errors.ts'
import { renameDataset } from '../zfs/rename-dataset.ts'
import { settleBuffer, takeToBuffer } from './buffer.ts'
import { confinedName } from './confined-name.ts'
import { destroyReceived } from './destroy-received.ts'
import { parentOf } from './inventory.ts'
import { listReplica } from './list-inventory.ts'
import { setAsideName } from './set-aside-name.ts'

/**
 * Puts what has come into the buffer in the place of the dataset that is there. The old one is set aside under a dated
 * name; to replace it, it is destroyed after that. The datasets below keep their places: they wait in the buffer
 * meanwhile, and whatever interrupts this, the next run takes all to its place. Says what became of the old one.
 */
export async function swapIn(root: string, path: string, how: 'rename' | 'replace'): Promise<string | undefined> {
  const { datasets, buffered, bufferNames } = await listReplica(root)
  const isComplete = buffered.find((each) => each.path === path)?.snapshots.length
  // Streams that are read again from a file: it is done.
  if (!isComplete || !bufferNames.has(path)) return undefined
  const old = confinedName(root, path)
  const aside = setAsideName(old, 'diverged', new Date())
  try {
    for (const each of datasets) if (parentOf(each.path) === path) await takeToBuffer(root, each.path)
    if (datasets.some((each) => each.path === path)) await renameDataset(old, aside)
  } finally {
    await settleBuffer(root)
  }
  return how === 'rename' ? `the old one is now ${aside}` : await destroyOld(aside)
}

async function destroyOld(aside: string): Promise<string> {
  try {
    await destroyReceived(aside)
    return 'the old one is destroyed'
  } catch (error) {
    if (error instanceof Failure && error.kind === 'exists') return `the old one is kept: ${error.message}`
    throw error
  }
}
