import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import { isBusy } from './when-free.ts'
import { runZfs } from './zfs-command.ts'

// One argument may have 128 KiB in Linux.
const mostArgumentBytes = 100_000

// While another run destroys a snapshot, zfs-fuse says of it what it says of one that is held.
const busyTries = 5
const busyMs = 100

/** The words of the `zfs` calls that destroy these snapshots of a dataset, each given by what follows its `@`. */
export function destroyCalls(dataset: string, names: readonly string[]): readonly (readonly string[])[] {
  return chunksOf(names).map((chunk) => ['destroy', `${dataset}@${chunk.join(',')}`])
}

/**
 * Destroys snapshots of a dataset, many in a call. One that ZFS refuses is told, and the others go all the same; one that
 * is gone already, as by another run at the same time, is done. Resolves to those that are gone.
 */
export async function destroySnapshots(
  dataset: string,
  names: readonly string[],
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (failure: Failure) => void },
): Promise<readonly string[]> {
  const gone: string[] = []
  const todo = chunksOf(names)
  for (let chunk = todo.shift(); chunk !== undefined; chunk = todo.shift()) {
    signal.throwIfAborted()
    const failure = await tryDestroy(dataset, chunk)
    if (failure === undefined) gone.push(...chunk)
    else if (chunk.length === 1) tell(failure)
    // ZFS refuses all for one that it cannot destroy; zfs-fuse, whatever is more than one.
    else todo.unshift(...halvesOf(chunk))
  }
  return gone
}

async function tryDestroy(dataset: string, names: readonly string[]): Promise<Failure | undefined> {
  for (let attempt = 1; ; attempt++) {
    const failure = await refusalOf(dataset, names)
    if (failure === undefined || names.length > 1) return failure
    if (/could not find any snapshots|does not exist/.test(failure.message)) return undefined
    if (attempt === busyTries || !isBusy(failure)) return failure
    await sleep(busyMs)
  }
}

async function refusalOf(dataset: string, names: readonly string[]): Promise<Failure | undefined> {
  try {
    await runZfs('destroy', `${dataset}@${names.join(',')}`)
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}

function chunksOf(names: readonly string[]): (readonly string[])[] {
  const chunks: string[][] = []
  let room = 0
  for (const name of names) {
    room -= name.length + 1
    if (room < 0) {
      chunks.push([])
      room = mostArgumentBytes - name.length - 1
    }
    chunks.at(-1)?.push(name)
  }
  return chunks
}

function halvesOf(names: readonly string[]): readonly (readonly string[])[] {
  const middle = Math.ceil(names.length / 2)
  return [names.slice(0, middle), names.slice(middle)]
}
