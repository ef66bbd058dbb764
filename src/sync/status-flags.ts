import { mkdir, readdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Outcome } from './ledger.ts'

/**
 * Keeps a file in a folder for each dataset of a tree that is not in sync, with what failed; `tank%2Fdata` for tank/data.
 * What ended the run before the datasets' turn is told of the root.
 */
export async function keepFlags(
  folder: string,
  root: string,
  outcomes: readonly Outcome[],
  failure: Error | undefined,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const failed = new Map(outcomes.flatMap((each) => (each.failure ? [[each.dataset, each.failure.message]] : [])))
  if (failure !== undefined && failed.size === 0) failed.set(root, failure.message)
  for (const [dataset, message] of failed) await writeFile(fileOf(folder, dataset), `${message}\n`)
  // Without outcomes nothing is known of the datasets below.
  const isOver = (dataset: string) => !failed.has(dataset) && (outcomes.length > 0 || failure === undefined)
  for (const name of await readdir(folder)) {
    const dataset = datasetOf(name)
    const isOurs = dataset === root || dataset.startsWith(`${root}/`)
    if (isOurs && isOver(dataset)) await unlink(join(folder, name))
  }
}

function fileOf(folder: string, dataset: string): string {
  return join(folder, encodeURIComponent(dataset))
}

/** '' for what is no flag of ours. */
function datasetOf(name: string): string {
  try {
    const dataset = decodeURIComponent(name)
    return encodeURIComponent(dataset) === name ? dataset : ''
  } catch {
    return ''
  }
}
