import { Failure } from '../errors.ts'
import { datasetExists } from '../zfs/list-datasets.ts'
import { listSnapshots } from '../zfs/list-snapshots.ts'
import { renameDataset } from '../zfs/rename-dataset.ts'
import { confinedName } from './confined-name.ts'
import { destroyReceived, expectReceived } from './destroy-received.ts'
import { refuseOthers } from './refuse-others.ts'
import { setAsideName } from './set-aside-name.ts'

export interface Gone {
  readonly root: string
  readonly path: string
  /** Of its newest snapshot when the sender was told, or `none`: a file of streams may be read when the source has it again. */
  readonly newestGuid?: string | undefined
}

/**
 * Sets aside or destroys a dataset that the source has no more, and says what became of it. What zfsync has not received,
 * or somebody holds, is kept; and what has changed meanwhile, or is another sender's.
 */
export async function removeGone({ root, path, newestGuid }: Gone, how: 'rename' | 'destroy'): Promise<string> {
  const name = confinedName(root, path)
  if (!(await datasetExists(name))) return 'is gone here too'
  try {
    await refuseOthers(root, path)
    if (newestGuid !== undefined) await expectNewest(name, newestGuid)
    if (how === 'destroy') {
      await destroyReceived(name)
      return 'destroyed'
    }
    await expectReceived(name)
    const aside = setAsideName(name, 'gone', new Date())
    await renameDataset(name, aside)
    return `is now ${aside}`
  } catch (error) {
    if (error instanceof Failure && error.kind === 'exists') return `kept: ${error.message}`
    throw error
  }
}

async function expectNewest(name: string, newestGuid: string): Promise<void> {
  const newest = (await listSnapshots(name)).at(-1)?.guid ?? 'none'
  if (newest === newestGuid) return
  throw new Failure('exists', `${name}: its newest snapshot is another than the sender has heard of`)
}
