import { Failure } from '../errors.ts'
import { listDatasets } from '../zfs/list-datasets.ts'
import { mostNames, rowsOf, runZfsOnSome } from '../zfs/zfs-command.ts'
import { idProperty, keptIdOf } from './replica-id.ts'

/**
 * Below a root there may be that of another replica, which has a sender of its own. Throws 'exists' if the dataset is one or
 * is in one; and if it is above one, which would lose its place when that is renamed.
 */
export async function refuseOthers(root: string, path: string): Promise<void> {
  if (path === '') return
  const above = path.split('/').map((_, index, parts) => root + parts.slice(0, index + 1).join('/'))
  const names = [...above.slice(1), ...(await listDatasets(root + path)).slice(1)]
  for (let at = 0; at < names.length; at += mostNames) await refuseRoots(names.slice(at, at + mostNames))
}

async function refuseRoots(names: readonly string[]): Promise<void> {
  const words = ['get', '-Hp', '-o', 'name,property,value', `${idProperty},guid`, ...names]
  const values = new Map<string, Record<string, string>>()
  for (const [name = '', property = '', value = ''] of rowsOf(await runZfsOnSome(...words)))
    values.set(name, { ...values.get(name), [property]: value })
  for (const [name, each] of values) {
    if (keptIdOf(each) === undefined) continue
    throw new Failure('exists', `${name}: is another replica's root`, {
      hint: `zfs inherit ${idProperty} '${name}' makes it a part of this one, if it has no sender of its own`,
    })
  }
}
