import { Failure } from '../errors.ts'
import { destroySnapshots } from '../zfs/destroy-snapshots.ts'
import { listDatasets } from '../zfs/list-datasets.ts'
import { listSnapshotNames } from '../zfs/list-names.ts'
import { runZfsWhenFree } from '../zfs/when-free.ts'
import { rowsOf, runZfs } from '../zfs/zfs-command.ts'
import { releaseAll } from './increment-holds.ts'

/**
 * Destroys a dataset that zfsync has received, with its snapshots. Throws 'exists', and nothing has changed, if it was
 * not, if there are others below it, or if somebody holds one of its snapshots or has a clone of it.
 */
export async function destroyReceived(name: string): Promise<void> {
  await expectReceived(name)
  const below = (await listDatasets(name)).filter((each) => each !== name)
  if (below.length > 0) throw new Failure('exists', `${name}: there are datasets below it, such as ${below[0]}`)
  const snapshots = await listSnapshotNames([name])
  await releaseAll(snapshots)
  const names = snapshots.map((each) => each.slice(name.length + 1))
  const tell = (failure: Failure) => {
    throw failure
  }
  await destroySnapshots(name, names, { signal: new AbortController().signal, tell })
  await runZfsWhenFree('destroy', name)
}

/** Throws 'exists' if it was not received by zfsync. What a dataset inherits says nothing of it. */
export async function expectReceived(name: string): Promise<void> {
  const [[value, source] = []] = rowsOf(await runZfs('get', '-H', '-o', 'value,source', 'zfsync:received', name))
  if (value === 'on' && source === 'local') return
  throw new Failure('exists', `${name}: zfsync has not received it`, {
    hint: `zfs set zfsync:received=on '${name}' tells zfsync that it may be destroyed`,
  })
}
