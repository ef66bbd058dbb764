import { Failure } from '../errors.ts'
import { listDatasets } from '../zfs/list-datasets.ts'

/**
 * Does the work for a dataset, or for it and all below it, one after the other. One that fails does not keep the others
 * from their backup; the failures are told as they come, all but the last, which is thrown.
 */
export async function forEachDataset(
  dataset: string,
  isRecursive: boolean,
  work: (dataset: string) => Promise<void>,
  onFailure: (failure: Failure) => void,
): Promise<void> {
  const datasets = isRecursive ? await listDatasets(dataset) : [dataset]
  let failed: Failure | undefined
  for (const each of datasets) {
    try {
      await work(each)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      if (failed !== undefined) onFailure(failed)
      failed = error
    }
  }
  if (failed !== undefined) throw failed
}
