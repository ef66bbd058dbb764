import { Failure } from '../errors.ts'
import { holdSnapshot, holdTagsOf, releaseSnapshot } from '../zfs/holds.ts'
import { listClones } from '../zfs/list-clones.ts'
import { rowsOf, runZfs } from '../zfs/zfs-command.ts'
import type { Replica } from './list-inventory.ts'
import type { ReceiveRequest } from './messages.ts'

/** Of the newest snapshot of each dataset of a replica: the next increment begins there. */
export const baseTag = 'zfsync'

/** Holds what has come, and lets go of what it began at. */
export async function moveHold(dataset: string, { to, fromName }: ReceiveRequest): Promise<void> {
  await holdSnapshot(baseTag, `${dataset}@${to.name}`).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error
    const hint = 'zfsync-recv --no-hold holds nothing'
    throw new Failure(error.kind, `the snapshot is received, and cannot be held: ${error.message}`, { hint })
  })
  if (fromName !== undefined && fromName !== to.name) await release(`${dataset}@${fromName}`)
}

/** Those that a killed run has left: of each dataset, all of ours but the newest. Others' holds are theirs. */
export async function releaseStaleHolds({ held }: Replica): Promise<void> {
  const byDataset = new Map<string, string[]>()
  for (const name of held) {
    const dataset = name.slice(0, name.indexOf('@'))
    const names = byDataset.get(dataset)
    if (names === undefined) byDataset.set(dataset, [name])
    else names.push(name)
  }
  for (const names of byDataset.values()) if (names.length > 1) await releaseAllButNewest(names)
}

async function releaseAllButNewest(names: readonly string[]): Promise<void> {
  const ours: string[] = []
  for (const name of names) if (await isOurs(name)) ours.push(name)
  for (const name of ours.slice(0, -1)) await release(name)
}

/** Where ZFS does not tell, a hold that is there already cannot be made. */
async function isOurs(name: string): Promise<boolean> {
  const tags = await holdTagsOf(name)
  if (tags !== undefined) return tags.includes(baseTag)
  if (!(await holdSnapshot(baseTag, name))) return true
  await release(name)
  return false
}

/**
 * Lets go of snapshots that are to be destroyed. Throws 'exists' if somebody else holds one, or has a clone of it: then
 * nothing has changed.
 */
export async function releaseAll(names: readonly string[]): Promise<void> {
  await refuseCloned(names)
  const released: string[] = []
  for (const name of names) {
    if (await release(name)) released.push(name)
    if ((await countHolds(name)) === 0) continue
    for (const each of released) await holdSnapshot(baseTag, each)
    throw new Failure('exists', `${name} is held`, { hint: `zfs holds ${name} tells by whom` })
  }
}

async function refuseCloned(names: readonly string[]): Promise<void> {
  const [dataset] = names[0]?.split('@') ?? []
  const clones = dataset === undefined ? undefined : await listClones([dataset])
  for (const name of names) {
    const [clone] = clones?.get(name) ?? []
    if (clone !== undefined) throw new Failure('exists', `${name} is the origin of ${clone}`)
  }
}

async function countHolds(name: string): Promise<number> {
  const [[count = '0'] = []] = rowsOf(await runZfs('get', '-Hp', '-o', 'value', 'userrefs', name))
  return Number(count)
}

/** False if it was not held by us. */
async function release(name: string): Promise<boolean> {
  return await releaseSnapshot(baseTag, name).catch((error: unknown) => {
    if (error instanceof Failure && error.kind === 'unavailable') return false
    throw error
  })
}
