import { createHash } from 'node:crypto'
import { Failure } from '../errors.ts'
import type { LockPlace } from '../stream/lock.ts'
import { runZfs } from '../zfs/zfs-command.ts'

/** The property of a replica's root that keeps its id. */
export const idProperty = 'zfsync:replica'

/** The id that a root's properties keep: with its guid, so that one that is inherited, or came with a stream, is none. */
export function keptIdOf({ [idProperty]: kept = '', guid = '' }: Readonly<Record<string, string>>): string | undefined {
  const [id, itsGuid] = kept.split('-')
  return id !== undefined && /^[0-9a-f]{8}$/.test(id) && itsGuid === guid ? id : undefined
}

/** Eight digits that no other replica has, of this machine or another. */
export function newReplicaId(root: string, { owner }: LockPlace): string {
  const [machine = ''] = owner.id.split('-')
  return createHash('sha256').update(`${machine} ${root}`).digest('hex').slice(0, 8)
}

/** The same replica has the same id from now on, also as another container, or on another machine. */
export async function keepReplicaId(root: string, id: string): Promise<void> {
  try {
    const guid = (await runZfs('get', '-Hp', '-o', 'value', 'guid', root)).trim()
    if (/^\d+$/.test(guid)) await runZfs('set', `${idProperty}=${id}-${guid}`, root)
  } catch (error) {
    // The root has not come, or its properties are not this user's to set: the next run makes one again.
    if (!(error instanceof Failure)) throw error
  }
}
