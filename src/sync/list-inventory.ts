import { Failure } from '../errors.ts'
import { isUnknownToZfs, rowsOf, runZfsOnSome } from '../zfs/zfs-command.ts'
import { bufferOf, isBuffered, pathInBuffer } from './buffer-name.ts'
import { type Inventory, inTreeOrder, type Point, type SyncDataset } from './inventory.ts'
import { idProperty, keptIdOf } from './replica-id.ts'
import { isSetAside } from './set-aside-name.ts'

const columns = ['type', 'guid', 'createtxg', 'receive_resume_token', 'encryption'] as const
// What zfs-fuse knows of them.
const oldColumns = ['type', 'guid', 'createtxg', 'userrefs'] as const
const ofReplicas = ['userrefs', 'zfsync:place', idProperty] as const

/** One dataset, snapshot or bookmark, and its properties by name. */
type Row = readonly [name: string, values: Readonly<Record<string, string>>]

/** A replica, and what only the receiver has to know of it. */
export interface Replica extends Inventory {
  /** That it was given when it was received, if it was. */
  readonly keptId: string | undefined
  readonly hasBuffer: boolean
  /** The names of the datasets in the buffer, by path; those below others are not named. */
  readonly bufferNames: ReadonlyMap<string, string>
  /** The names of snapshots that are held, the oldest of each dataset first. */
  readonly held: readonly string[]
}

/** The tree below a root that is there, by one call of `zfs`; else that is a Failure 'unavailable'. */
export async function listSource(root: string, { withWritten = false } = {}): Promise<Inventory> {
  const rows = await readRows([root], withWritten ? ['written'] : [])
  // Of a replica that is sent on: what waits there, or was set aside, is no part of it.
  if (rows.length > 0) return inventoryOf(root, rows.filter(isOfTree(root)))
  throw new Failure('unavailable', `${root}: there is no such dataset`)
}

/** The tree below a replica's root, which need not be there, and its buffer; by one call of `zfs`. */
export async function listReplica(root: string): Promise<Replica> {
  const buffer = bufferOf(root)
  const beside = root.includes('/') ? [buffer] : []
  const rows = await readRows([root, ...beside], ofReplicas)
  const ofBuffer = rows.filter(([name]) => isIn(buffer, name))
  const held = rows.filter(([name, { userrefs = '-' }]) => name.includes('@') && Number(userrefs) > 0)
  return {
    ...withOthers(inventoryOf(root, rows.filter(isOfTree(root))), rows),
    ...bufferedOf(root, ofBuffer),
    keptId: keptIdOf(rows.find(([name]) => name === root)?.[1] ?? {}),
    hasBuffer: ofBuffer.length > 0,
    held: held.sort(([, a], [, b]) => Number(a['createtxg']) - Number(b['createtxg'])).map(([name]) => name),
  }
}

/** Marks what must keep its name: the roots of other replicas below this one's, and what is above or below one. */
function withOthers({ root, datasets, buffered }: Inventory, rows: readonly Row[]): Inventory {
  const others = rows.flatMap(([name, values]) =>
    name !== root && keptIdOf(values) !== undefined ? [name.slice(root.length)] : [],
  )
  if (others.length === 0) return { root, datasets, buffered }
  const mustStay = ({ path }: SyncDataset) => others.some((other) => isIn(other, path) || isIn(path, other))
  return { root, datasets: datasets.map((each) => (mustStay(each) ? { ...each, mustStay: true } : each)), buffered }
}

/** What a sender is told of a replica. */
export function toldOf({ root, datasets, buffered }: Replica): Inventory {
  return { root, datasets: datasets.map(withoutHolds), buffered: buffered.map(withoutHolds) }
}

function withoutHolds({ snapshots, ...dataset }: SyncDataset): SyncDataset {
  return { ...dataset, snapshots: snapshots.map(({ name, guid, createTxg }) => ({ name, guid, createTxg })) }
}

function isOfTree(root: string): (row: Row) => boolean {
  return ([name]) => !isBuffered(name.slice(root.length)) && !isSetAside(name.slice(root.length))
}

function isIn(dataset: string, name: string): boolean {
  return name === dataset || name.startsWith(`${dataset}/`)
}

async function readRows(names: readonly string[], more: readonly string[]): Promise<readonly Row[]> {
  const types = 'filesystem,volume,snapshot,bookmark'
  const wanted = [...columns, ...more]
  try {
    const output = await runZfsOnSome('list', '-Hp', '-r', '-t', types, '-o', ['name', ...wanted].join(','), ...names)
    return rowsOf(output).map(([name = '', ...values]) => [
      name,
      Object.fromEntries(wanted.map((column, index) => [column, values[index] ?? '-'])),
    ])
  } catch (error) {
    if (!(error instanceof Failure && /invalid|unrecognized/.test(error.message))) throw error
    return readRowsOfOldZfs(names, more)
  }
}

/** zfs-fuse has no exact numbers in `zfs list`, but in `zfs get`; and does not know what was written. */
async function readRowsOfOldZfs(names: readonly string[], more: readonly string[]): Promise<readonly Row[]> {
  const rows = new Map<string, Record<string, string>>()
  const wanted = [...new Set([...oldColumns, ...more])]
  const get = (properties: readonly string[]) =>
    runZfsOnSome('get', '-Hp', '-r', '-o', 'name,property,value', properties.join(','), ...names)
  const output = await get(wanted).catch((error: unknown) => {
    if (isUnknownToZfs(error)) return get(wanted.filter((each) => each !== 'written'))
    throw error
  })
  for (const [name = '', property = '', value = ''] of rowsOf(output)) {
    const known = rows.get(name)
    if (known === undefined) rows.set(name, { [property]: value })
    else known[property] = value
  }
  return [...rows]
}

function inventoryOf(root: string, rows: readonly Row[]): Inventory {
  return { root, datasets: datasetsOf(rows, (name) => name.slice(root.length)), buffered: [] }
}

function bufferedOf(root: string, rows: readonly Row[]): Pick<Replica, 'buffered' | 'bufferNames'> {
  const bufferNames = new Map<string, string>()
  const depth = bufferOf(root).split('/').length + 1
  const buffered = datasetsOf(
    rows.filter(([name]) => name.split(/[@#]/)[0]?.startsWith(`${bufferOf(root)}/`)),
    (name, values) => {
      const path = pathInBuffer(root, name, values['zfsync:place'] ?? '-')
      if (path !== undefined && name.split('/').length === depth) bufferNames.set(path, name)
      return path
    },
  )
  return { buffered, bufferNames }
}

type Growing = Omit<SyncDataset, 'snapshots' | 'bookmarks'> & { snapshots: Point[]; bookmarks: Point[] }

/** Without those that have no path. */
function datasetsOf(
  rows: readonly Row[],
  pathOf: (name: string, values: Row[1]) => string | undefined,
): readonly SyncDataset[] {
  const datasets = new Map<string, Growing>()
  for (const [name, values] of rows) {
    const path = /[@#]/.test(name) ? undefined : pathOf(name, values)
    if (path !== undefined) datasets.set(name, datasetOf(path, values))
  }
  for (const [name, values] of rows) {
    const [dataset = '', point = ''] = name.split(/[@#]/)
    const points = name.includes('@') ? 'snapshots' : 'bookmarks'
    if (point !== '') datasets.get(dataset)?.[points].push(pointOf(point, values))
  }
  for (const { snapshots, bookmarks } of datasets.values()) {
    snapshots.sort(byAge)
    bookmarks.sort(byAge)
  }
  return inTreeOrder([...datasets.values()])
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

function pointOf(name: string, values: Readonly<Record<string, string>>): Point {
  const { guid = '0', createtxg, written = '-', userrefs = '-' } = values
  return {
    name,
    guid: BigInt(guid).toString(16).padStart(16, '0'),
    createTxg: Number(createtxg),
    ...(written === '-' ? {} : { writtenBytes: Number(written) }),
    ...(userrefs === '-' ? {} : { holdCount: Number(userrefs) }),
  }
}

function byAge(a: Point, b: Point): number {
  return a.createTxg - b.createTxg
}
