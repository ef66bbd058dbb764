import { Failure } from '../errors.ts'
import type { Snapshot } from './snapshot.ts'
import { isUnknownToZfs, rowsOf, runZfs } from './zfs-command.ts'

/** What is left of a snapshot to go on from: it holds no data. `dataset#name`. */
export type Bookmark = Pick<Snapshot, 'name' | 'guid' | 'createTxg'>

/** The dataset's own; none where ZFS has none, such as zfs-fuse. */
export async function listBookmarks(dataset: string): Promise<readonly Bookmark[]> {
  const words = ['list', '-Hp', '-d', '1', '-t', 'bookmark', '-o', 'name,guid,createtxg', dataset]
  const output = await runZfs(...words).catch((error: unknown) => {
    if (isUnknownToZfs(error)) return ''
    throw error
  })
  const rows = rowsOf(output)
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

/** Makes a bookmark of a snapshot. If it is there already and is of this snapshot it will do: then it gives false. */
export async function bookmarkSnapshot(snapshot: string, bookmark: string): Promise<boolean> {
  try {
    await createBookmark(snapshot, bookmark)
    return true
  } catch (error) {
    if (!(error instanceof Failure && error.kind === 'exists')) throw error
    const [guid, its] = await Promise.all([snapshot, bookmark].map(guidOf))
    if (guid !== its) throw new Failure('exists', `${bookmark}: there is one of another snapshot`, { cause: error })
    return false
  }
}

async function guidOf(name: string): Promise<string> {
  return (await runZfs('get', '-Hp', '-o', 'value', 'guid', name)).trim()
}

export async function destroyBookmark(name: string): Promise<void> {
  await runZfs('destroy', name)
}
