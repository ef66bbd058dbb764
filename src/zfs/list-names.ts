import { Failure } from '../errors.ts'
import { rowsOf, runZfs } from './zfs-command.ts'

interface Depth {
  /** Of all datasets below, too. */
  readonly isRecursive?: boolean
}

/** The names of the datasets' snapshots, dataset@snapshot. Faster than all that is to be known of them. */
export async function listSnapshotNames(datasets: readonly string[], { isRecursive }: Depth = {}): Promise<string[]> {
  const depth = isRecursive ? ['-r'] : ['-d', '1']
  const rows = rowsOf(await runZfs('list', '-H', '-o', 'name', '-s', 'name', '-t', 'snapshot', ...depth, ...datasets))
  return rows.map(([name = '']) => name)
}

/** The guids of all snapshots of a dataset and of those below it, as 16 hexadecimal digits, by dataset@snapshot. */
export async function listGuids(dataset: string): Promise<ReadonlyMap<string, string>> {
  const rows = rowsOf(await runZfs('get', '-Hp', '-r', '-o', 'name,value', 'guid', dataset))
  const snapshots = rows.filter(([name = '']) => name.includes('@'))
  return new Map(snapshots.map(([name = '', value = '0']) => [name, BigInt(value).toString(16).padStart(16, '0')]))
}

/**
 * Those of the datasets in which something was written since their last snapshot, or that have none. Throws 'unavailable'
 * where ZFS does not tell, such as zfs-fuse.
 */
export async function listChangedDatasets(datasets: readonly string[], { isRecursive }: Depth): Promise<string[]> {
  const depth = isRecursive ? ['-r'] : []
  const words = ['list', '-Hp', '-o', 'name,written', '-t', 'filesystem,volume', ...depth, ...datasets]
  const rows = rowsOf(await runZfs(...words).catch((error: unknown) => Promise.reject(withoutWritten(error))))
  return rows.filter(([, written]) => written !== '0').map(([name = '']) => name)
}

function withoutWritten(error: unknown): unknown {
  if (!(error instanceof Failure && /invalid (property|option)/.test(error.message))) return error
  return new Failure('unavailable', 'this zfs does not tell what was written since a snapshot', { cause: error })
}
