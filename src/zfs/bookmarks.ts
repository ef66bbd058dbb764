import { Failure } from '../errors.ts'
import type { Snapshot } from './snapshot.ts'
import { rowsOf, runZfs } from './zfs-command.ts'

/** What is left of a snapshot to go on from: it holds no data. `dataset#name`. */
export type Bookmark = Pick<Snapshot, 'name' | 'guid' | 'createTxg'>

/** The dataset's own; none where ZFS has none, such as zfs-fuse. */
export async function listBookmarks(dataset: string): Promise<readonly Bookmark[]> {
  const words = ['list', '-Hp', '-d', '1', '-t', 'bookmark', '-o', 'name,guid,createtxg', dataset]
  const rows = rowsOf(await runZfs(...words).catch(noneWhereUnknown))
  return rows.map(([name = '', guid = '0', createTxg]) => ({
    name,
    guid: BigInt(guid).toString(16).padStart(16, '0'),
    createTxg: Number(createTxg),
  }))
}

/** Throws 'exists' if the name is taken. */
export async function createBookmark(snapshot: string, bookmark: string): Promise<void> {
  await runZfs('bookmark', snapshot, bookmark)
}

export async function destroyBookmark(name: string): Promise<void> {
  await runZfs('destroy', name)
}

/** If it is the dataset that is not there, its snapshots are not either. */
function noneWhereUnknown(error: unknown): string {
  if (error instanceof Failure) return ''
  throw error
}
