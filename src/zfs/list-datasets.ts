import { Failure } from '../errors.ts'
import { rowsOf, runZfs } from './zfs-command.ts'

/** The dataset (all if none is named) and those below it, file systems and volumes, each after its parent. Throws 'unavailable' if it is not there. */
export async function listDatasets(dataset?: string): Promise<readonly string[]> {
  const below = dataset === undefined ? [] : ['-r', dataset]
  const rows = rowsOf(await runZfs('list', '-H', '-o', 'name', '-t', 'filesystem,volume', ...below))
  return rows.map(([name = '']) => name)
}

/** Throws what zfs says where it cannot tell, as of a broken disk. */
export async function datasetExists(dataset: string): Promise<boolean> {
  try {
    await runZfs('list', '-H', '-o', 'name', dataset)
    return true
  } catch (error) {
    if (error instanceof Failure && /does not exist|no such pool/.test(error.message)) return false
    throw error
  }
}
