import { Failure } from '../errors.ts'
import { checkedSnapshotName } from './dataset-name.ts'
import { type Snapshot, splitSnapshotName } from './snapshot.ts'
import { isUnknownToZfs, rowsOf, runZfs } from './zfs-command.ts'

const properties = 'guid,createtxg,creation,used,referenced,userrefs'

/** A dataset's own snapshots, in the order in which they were taken. Throws 'unavailable' if there is no such dataset. */
export async function listSnapshots(dataset: string): Promise<readonly Snapshot[]> {
  // zfs-fuse does not know what was written, and refuses the whole list.
  const output = await readProperties(`${properties},written`, dataset).catch((error: unknown) => {
    if (isUnknownToZfs(error)) return readProperties(properties, dataset)
    throw error
  })
  const values = new Map<string, Record<string, string>>()
  for (const [name = '', property = '', value = ''] of rowsOf(output)) {
    if (name.startsWith(`${dataset}@`)) values.set(name, { ...values.get(name), [property]: value })
  }
  return [...values].map(([name, each]) => snapshotOf(name, each)).sort((a, b) => a.createTxg - b.createTxg)
}

/** The snapshot of this name, and of this guid if one is given. Throws 'unavailable' if there is no such, or another has its name. */
export async function findSnapshot({
  name,
  guid,
}: {
  readonly name: string
  readonly guid?: string
}): Promise<Snapshot> {
  const [dataset] = splitSnapshotName(checkedSnapshotName(name))
  const found = (await listSnapshots(dataset)).find((each) => each.name === name)
  if (found === undefined) throw new Failure('unavailable', `${name}: there is no such snapshot`)
  if (guid === undefined || found.guid === guid) return found
  throw new Failure('unavailable', `${name}: is another snapshot now: its guid is ${found.guid}, ${guid} was meant`)
}

/** Not `zfs list`: in zfs-fuse it has no exact numbers. */
function readProperties(names: string, dataset: string): Promise<string> {
  return runZfs('get', '-Hp', '-d', '1', '-o', 'name,property,value', names, dataset)
}

function snapshotOf(name: string, values: Readonly<Record<string, string>>): Snapshot {
  return {
    name,
    guid: BigInt(values['guid'] ?? 0)
      .toString(16)
      .padStart(16, '0'),
    createTxg: Number(values['createtxg']),
    creation: new Date(Number(values['creation']) * 1000),
    usedBytes: Number(values['used']),
    referBytes: Number(values['referenced']),
    writtenBytes: values['written'] === undefined ? undefined : Number(values['written']),
    holdCount: Number(values['userrefs']),
  }
}
