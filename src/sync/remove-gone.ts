import { Failure } from '../errors.ts'
import { datasetExists } from '../zfs/list-datasets.ts'
import { renameDataset } from '../zfs/rename-dataset.ts'
import { destroyReceived, expectReceived } from './destroy-received.ts'
import { setAsideName } from './set-aside-name.ts'

/**
 * Sets aside or destroys a dataset that the source has no more, and says what became of it. What zfsync has not received,
 * or somebody holds, is kept.
 */
export async function removeGone(name: string, how: 'rename' | 'destroy'): Promise<string> {
  if (!(await datasetExists(name))) return 'is gone here too'
  try {
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
