import { readdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolders } from '../stream/make-folders.ts'
import type { Outcome } from './ledger.ts'

export interface FlaggedRun {
  readonly root: string
  readonly outcomes: readonly Outcome[]
  readonly failure: Error | undefined
  /** Whether the receiver has told what arrived. */
  readonly isHeard: boolean
}

/**
 * Keeps a file in a folder for each dataset of a tree that is not in sync, with what failed; `tank%2Fdata` for tank/data.
 * What ended the run before the datasets' turn is told of the root.
 */
export async function keepFlags(folder: string, { root, outcomes, failure, isHeard }: FlaggedRun): Promise<void> {
  await makeFolders(folder)
  const failed = new Map(outcomes.flatMap((each) => (each.failure ? [[each.dataset, each.failure.message]] : [])))
  if (failure !== undefined && failed.size === 0) failed.set(root, failure.message)
  for (const [dataset, message] of failed) await writeFile(fileOf(folder, dataset), `${message}\n`)
  const unheard = new Set(
    isHeard ? [] : outcomes.filter(({ result }) => result === 'updated').map(({ dataset }) => dataset),
  )
  // Without outcomes nothing is known of the datasets below.
  const isKnown = outcomes.length > 0 || failure === undefined
  const isOver = (dataset: string) => isKnown && !failed.has(dataset) && !unheard.has(dataset)
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
