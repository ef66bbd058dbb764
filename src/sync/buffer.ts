import { Failure } from '../errors.ts'
import { renameDataset } from '../zfs/rename-dataset.ts'
import { runZfs } from '../zfs/zfs-command.ts'
import { bufferName, bufferOf, hasLongName } from './buffer-name.ts'
import { confinedName } from './confined-name.ts'
import { releaseStaleHolds } from './increment-holds.ts'
import { type Inventory, inTreeOrder, parentOf } from './inventory.ts'
import { listReplica, type Replica } from './list-inventory.ts'
import { type Problem, type Trouble, troubleOf } from './messages.ts'

/** What a replica has, after what an earlier run left in the buffer has been taken to its place. */
export async function bufferReady(root: string): Promise<Replica> {
  const replica = await listReplica(root)
  await releaseStaleHolds(replica)
  if (!replica.hasBuffer) return replica
  await settle(replica)
  return await listReplica(root)
}

/** The same as it would be then, where nothing may change. */
export async function asIfReady(root: string): Promise<Replica> {
  const replica = await listReplica(root)
  const { datasets, buffered, bufferNames } = replica
  const moved = new Set(placeable(replica, bufferNames))
  for (const { path } of inTreeOrder(buffered)) {
    const above = parentOf(path)
    if (!bufferNames.has(path) && above !== undefined && moved.has(above)) moved.add(path)
  }
  const come = buffered.filter(({ path }) => moved.has(path))
  return {
    ...replica,
    datasets: inTreeOrder([...datasets, ...come]),
    buffered: buffered.filter(({ path }) => !moved.has(path)),
  }
}

/** Takes to its place what can be, parents first; tells what is left. */
export async function settleBuffer(root: string): Promise<readonly Problem[]> {
  return await settle(await listReplica(root))
}

async function settle(replica: Replica): Promise<readonly Problem[]> {
  const { root, bufferNames } = replica
  const left: Problem[] = []
  const paths = placeable(replica, bufferNames)
  for (const path of paths) {
    try {
      await takeToPlace(bufferNames.get(path) ?? bufferName(root, path), confinedName(root, path))
    } catch (error) {
      left.push({ path, ...troubleOf(error) })
    }
  }
  const tried = new Set(paths)
  for (const path of bufferNames.keys()) if (!tried.has(path)) left.push({ path, ...whyLeft(replica, path) })
  // Fails as long as there is something in it.
  if (replica.hasBuffer) await runZfs('destroy', bufferOf(root)).catch(unlessRefused)
  return left
}

function whyLeft({ root, datasets, bufferNames }: Replica, path: string): Trouble {
  const waits = `${root}${path}: has come, and waits in ${bufferOf(root)}`
  if (!datasets.some((each) => each.path === path))
    return { kind: 'unavailable', message: `${waits}: ${root}${parentOf(path) ?? ''} is not there` }
  const name = bufferNames.get(path) ?? bufferName(root, path)
  const hint = `if that is the right one: zfs destroy -r '${name}', when its holds are released`
  return { kind: 'exists', message: `${waits}: there is another in its place`, hint }
}

/**
 * The paths of what is in the buffer and can be renamed into place, one after the other: it is received to a snapshot's
 * end, the dataset above is there, and its place is free.
 */
export function placeable(
  { datasets, buffered }: Inventory,
  bufferNames: ReadonlyMap<string, unknown>,
): readonly string[] {
  const inPlace = new Set(datasets.map(({ path }) => path))
  const moved = new Set<string>()
  const paths: string[] = []
  for (const { path, snapshots, resumeToken } of inTreeOrder(buffered)) {
    const above = parentOf(path)
    const isNamed = bufferNames.has(path)
    const isFree = !inPlace.has(path) && (above === undefined || inPlace.has(above))
    const canMove = isNamed && isFree && !(snapshots.length === 0 && resumeToken !== undefined)
    // What is below one that is in the buffer moves with it.
    const movesAlong = !isNamed && above !== undefined && moved.has(above)
    if (canMove) paths.push(path)
    if (!canMove && !movesAlong) continue
    moved.add(path)
    inPlace.add(path)
  }
  return paths
}

async function takeToPlace(buffered: string, place: string): Promise<void> {
  await renameDataset(buffered, place)
  if (hasLongName(buffered)) await runZfs('inherit', 'zfsync:place', place)
}

/** The dataset that others wait in. It is never mounted. */
export async function createBuffer(root: string): Promise<void> {
  await runZfs('create', '-o', 'canmount=off', '-o', 'readonly=on', bufferOf(root)).catch((error: unknown) => {
    if (!(error instanceof Failure && error.kind === 'exists')) throw error
  })
}

/** Moves a dataset, with what is below it, out of its place for a while. */
export async function takeToBuffer(root: string, path: string): Promise<void> {
  const [name, buffered] = [confinedName(root, path), bufferName(root, path)]
  await createBuffer(root)
  if (hasLongName(buffered)) await runZfs('set', `zfsync:place=${path}`, name)
  await renameDataset(name, buffered)
}

/** Of what was received into the buffer; it is of no use to anybody. */
export async function discardBuffered(name: string): Promise<void> {
  const { destroyReceived } = await import('./destroy-received.ts')
  await destroyReceived(name)
}

function unlessRefused(error: unknown): void {
  if (!(error instanceof Failure)) throw error
}
