import { Failure } from '../errors.ts'
import { rowsOf, runZfs } from '../zfs/zfs-command.ts'
import { type Inventory, inTreeOrder, type Point, type SyncDataset } from './inventory.ts'

const columns = ['type', 'guid', 'createtxg', 'receive_resume_token', 'encryption'] as const
// What zfs-fuse knows of them.
const oldColumns = ['type', 'guid', 'createtxg'] as const

/** One dataset, snapshot or bookmark, and its properties by name. */
type Row = readonly [name: string, values: Readonly<Record<string, string>>]

/** The tree below a root, by one call of `zfs`. A root that is not there has no datasets. */
export async function listInventory(root: string): Promise<Inventory> {
  try {
    return inventoryOf(root, await readRows(root))
  } catch (error) {
    if (error instanceof Failure && /does not exist/.test(error.message)) return { root, datasets: [] }
    throw error
  }
}

/** The same of a root that has to be there; else that is a Failure 'unavailable'. */
export async function listExisting(root: string): Promise<Inventory> {
  const inventory = await listInventory(root)
  if (inventory.datasets.length > 0) return inventory
  throw new Failure('unavailable', `${root}: there is no such dataset`)
}

async function readRows(root: string): Promise<readonly Row[]> {
  const types = 'filesystem,volume,snapshot,bookmark'
  try {
    const output = await runZfs('list', '-Hp', '-r', '-t', types, '-o', ['name', ...columns].join(','), root)
    return rowsOf(output).map(([name = '', ...values]) => [
      name,
      Object.fromEntries(columns.map((column, index) => [column, values[index] ?? '-'])),
    ])
  } catch (error) {
    if (!(error instanceof Failure && /invalid|unrecognized/.test(error.message))) throw error
    return readRowsOfOldZfs(root)
  }
}

/** zfs-fuse has no exact numbers in `zfs list`, but in `zfs get`. */
async function readRowsOfOldZfs(root: string): Promise<readonly Row[]> {
  const rows = new Map<string, Record<string, string>>()
  const output = await runZfs('get', '-Hp', '-r', '-o', 'name,property,value', oldColumns.join(','), root)
  for (const [name = '', property = '', value = ''] of rowsOf(output)) {
    const known = rows.get(name)
    if (known === undefined) rows.set(name, { [property]: value })
    else known[property] = value
  }
  return [...rows]
}

type Growing = Omit<SyncDataset, 'snapshots' | 'bookmarks'> & { snapshots: Point[]; bookmarks: Point[] }

function inventoryOf(root: string, rows: readonly Row[]): Inventory {
  const datasets = new Map<string, Growing>()
  for (const [name, values] of rows)
    if (!/[@#]/.test(name)) datasets.set(name, datasetOf(name.slice(root.length), values))
  for (const [name, values] of rows) {
    const [dataset = '', point = ''] = name.split(/[@#]/)
    const points = name.includes('@') ? 'snapshots' : 'bookmarks'
    if (point !== '') datasets.get(dataset)?.[points].push(pointOf(point, values))
  }
  for (const { snapshots, bookmarks } of datasets.values()) {
    snapshots.sort(byAge)
    bookmarks.sort(byAge)
  }
  return { root, datasets: inTreeOrder([...datasets.values()]) }
}

function datasetOf(path: string, values: Readonly<Record<string, string>>): Growing {
  const token = values['receive_resume_token'] ?? '-'
  return {
    path,
    type: values['type'] === 'volume' ? 'volume' : 'filesystem',
    isEncrypted: !['-', 'off', undefined].includes(values['encryption']),
    ...(token === '-' ? {} : { resumeToken: token }),
    snapshots: [],
    bookmarks: [],
  }
}

function pointOf(name: string, { guid = '0', createtxg }: Readonly<Record<string, string>>): Point {
  return { name, guid: BigInt(guid).toString(16).padStart(16, '0'), createTxg: Number(createtxg) }
}

function byAge(a: Point, b: Point): number {
  return a.createTxg - b.createTxg
}
