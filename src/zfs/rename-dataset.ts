import { Failure } from '../errors.ts'
import { isBusy, runZfsWhenFree } from './when-free.ts'
import { rowsOf, runZfs } from './zfs-command.ts'

/** Renames a dataset with what is below it, mounted or not. */
export async function renameDataset(from: string, to: string): Promise<void> {
  try {
    await runZfs('rename', from, to)
  } catch (error) {
    if (!isBusy(error)) throw error
    await renameUnmounted(from, to)
  }
}

/**
 * `zfs rename` unmounts, renames and mounts, and mounts again what it could not rename. When zfs-fuse says that it has
 * unmounted something, it is not through with it: each try of `zfs rename` would be as early as the first.
 */
async function renameUnmounted(from: string, to: string): Promise<void> {
  const mounted = await listMounted(from)
  try {
    for (const name of mounted.toReversed()) await runZfs('unmount', name)
    await runZfsWhenFree('rename', from, to)
  } catch (error) {
    await mountAll(mounted)
    throw error
  }
  await mountAll(mounted.map((name) => to + name.slice(from.length)))
}

/** A dataset and what is below it, parents first. */
async function listMounted(name: string): Promise<readonly string[]> {
  const rows = rowsOf(await runZfs('list', '-H', '-r', '-t', 'filesystem', '-o', 'name,mounted', name))
  return rows.flatMap(([each, mounted]) => (each !== undefined && mounted === 'yes' ? [each] : []))
}

/** What cannot be mounted is renamed, or not, all the same. */
async function mountAll(names: readonly string[]): Promise<void> {
  for (const name of names) {
    await runZfs('mount', name).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error
    })
  }
}
