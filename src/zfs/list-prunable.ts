import { listClones } from './list-clones.ts'
import { rowsOf, runZfs } from './zfs-command.ts'

/** A snapshot, and what keeps ZFS from destroying it. */
export interface PrunableSnapshot {
  /** dataset@snapshot */
  readonly name: string
  readonly createTxg: number
  readonly creation: Date
  /** In words: holds, by which a backup keeps its base too, and clones. */
  readonly neededFor: readonly string[]
}

/** The snapshots of each dataset, in the order in which they were taken. */
export async function listPrunable(
  datasets: readonly string[],
  { isRecursive }: { readonly isRecursive: boolean },
): Promise<ReadonlyMap<string, readonly PrunableSnapshot[]>> {
  const depth = isRecursive ? ['-r'] : ['-d', '1']
  const columns = ['-o', 'name,property,value', 'createtxg,creation,userrefs']
  // Not `zfs list`: in zfs-fuse it knows neither -p nor createtxg.
  const [output, clonesOf] = await Promise.all([
    runZfs('get', '-Hp', ...depth, ...columns, ...datasets),
    listClones(datasets),
  ])
  const snapshots = new Map<string, Record<string, string>>()
  for (const [name = '', property = '', value = ''] of rowsOf(output)) {
    if (!name.includes('@')) continue
    const known = snapshots.get(name)
    if (known === undefined) snapshots.set(name, { [property]: value })
    else known[property] = value
  }
  const prunable = [...snapshots].map(([name, values]) => prunableOf(name, values, clonesOf.get(name) ?? []))
  return byDataset(prunable.sort((a, b) => a.createTxg - b.createTxg))
}

function prunableOf(
  name: string,
  values: Readonly<Record<string, string>>,
  clones: readonly string[],
): PrunableSnapshot {
  const holds = Number(values['userrefs'])
  return {
    name,
    createTxg: Number(values['createtxg']),
    creation: new Date(Number(values['creation']) * 1000),
    neededFor: [
      ...(holds > 0 ? [`held by ${holds} ${holds === 1 ? 'tag' : 'tags'}`] : []),
      ...clones.map((clone) => `origin of ${clone}`),
    ],
  }
}

function byDataset(snapshots: readonly PrunableSnapshot[]): ReadonlyMap<string, readonly PrunableSnapshot[]> {
  const groups = new Map<string, PrunableSnapshot[]>()
  for (const snapshot of snapshots) {
    const dataset = snapshot.name.slice(0, snapshot.name.indexOf('@'))
    const group = groups.get(dataset)
    if (group === undefined) groups.set(dataset, [snapshot])
    else group.push(snapshot)
  }
  return groups
}
