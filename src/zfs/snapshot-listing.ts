import type { Snapshot } from './snapshot.ts'
import { isUnknownToZfs, mapRows, rowsOf, runZfs } from './zfs-command.ts'

const columns = ['name', 'guid', 'createtxg', 'creation', 'used', 'referenced', 'userrefs', 'written'] as const
type Column = (typeof columns)[number]

/**
 * The snapshots of these datasets, or of all if none is named: dataset by dataset, each in the order in which they were
 * taken. Throws 'unavailable' for a dataset that is not there.
 */
export async function listManySnapshots(
  datasets: readonly string[],
  { isRecursive }: { readonly isRecursive: boolean },
): Promise<readonly Snapshot[]> {
  const depth = isRecursive || datasets.length === 0 ? ['-r'] : ['-d', '1']
  const words = ['-Hp', '-t', 'snapshot', '-o', columns.join(','), ...depth, ...datasets]
  const snapshots = await runZfs('list', ...words).then(
    (output) => mapRows(output, (row) => snapshotOf((column) => row[columns.indexOf(column)])),
    (error: unknown) => {
      if (isUnknownToZfs(error)) return listByProperty(datasets, depth)
      throw error
    },
  )
  return inOrder(datasets.length > 1 ? once(snapshots) : snapshots)
}

/** zfs-fuse has exact numbers in `zfs get` alone, and none of what was written. */
async function listByProperty(datasets: readonly string[], depth: readonly string[]): Promise<Snapshot[]> {
  const properties = columns.filter((column) => column !== 'name' && column !== 'written').join(',')
  const output = await runZfs('get', '-Hp', ...depth, '-o', 'name,property,value', properties, ...datasets)
  const found = new Map<string, Map<string, string>>()
  for (const [name = '', property = '', value = ''] of rowsOf(output)) {
    if (!name.includes('@')) continue
    const known = found.get(name)
    if (known === undefined) found.set(name, new Map([['name', name]]).set(property, value))
    else known.set(property, value)
  }
  return [...found.values()].map((values) => snapshotOf((column) => values.get(column)))
}

function snapshotOf(textOf: (column: Column) => string | undefined): Snapshot {
  const written = Number(textOf('written') ?? Number.NaN)
  return {
    name: textOf('name') ?? '',
    guid: BigInt(textOf('guid') ?? 0)
      .toString(16)
      .padStart(16, '0'),
    createTxg: Number(textOf('createtxg')),
    creation: new Date(Number(textOf('creation')) * 1000),
    usedBytes: Number(textOf('used')),
    referBytes: Number(textOf('referenced')),
    holdCount: Number(textOf('userrefs')),
    writtenBytes: Number.isNaN(written) ? undefined : written,
  }
}

/** A dataset that is named twice, as by itself and by one above it, is listed once. */
function once(snapshots: readonly Snapshot[]): readonly Snapshot[] {
  return [...new Map(snapshots.map((each) => [each.name, each])).values()]
}

function inOrder(snapshots: readonly Snapshot[]): readonly Snapshot[] {
  const groups = new Map<string, Snapshot[]>()
  for (const snapshot of snapshots) {
    const dataset = snapshot.name.slice(0, snapshot.name.indexOf('@'))
    const group = groups.get(dataset)
    if (group === undefined) groups.set(dataset, [snapshot])
    else group.push(snapshot)
  }
  return [...groups.values()].flatMap((group) => group.sort((a, b) => a.createTxg - b.createTxg))
}
