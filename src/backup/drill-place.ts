import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import { hasEnded, type LockPlace, startOf, withLock } from '../stream/lock.ts'
import { listDatasets } from '../zfs/list-datasets.ts'
import { splitSnapshotName } from '../zfs/snapshot.ts'
import { listManySnapshots } from '../zfs/snapshot-listing.ts'
import { rowsOf, runZfs, runZfsOnSome } from '../zfs/zfs-command.ts'
import { refuseNoParent, Settling, settleMs } from './restore-target.ts'

/*
 * A drill restores to SCRATCH/drill. SCRATCH itself takes no stream and no file; it is made with this property, in one step:
 *
 *   zsnap:drill   owner id, a blank, when the owner's process began (- if unknown), a blank, SCRATCH
 *
 * It counts only as set there, not as received with a stream or inherited, and only under the name that it tells.
 */
const markProperty = 'zsnap:drill'

/** Does the work with a dataset to restore to, and destroys that. What a drill that was killed has left is destroyed before. */
export async function withDrillPlace(
  scratch: string,
  place: LockPlace,
  work: (target: string) => Promise<void>,
): Promise<void> {
  const { id } = place.owner
  const mark = `${id} ${(await startOf(id)) || '-'} ${scratch}`
  await refuseNoParent(scratch)
  const clearAway = async () => {
    if ((await markOf(scratch)) === mark) await destroyScratch(scratch)
  }
  try {
    if (!(await isMade(scratch, mark)))
      await withLock(`drill in ${scratch}`, place, () => takeOver(scratch, mark, place))
    await work(targetIn(scratch))
  } catch (error) {
    await clearAway().catch((left: unknown) => Promise.reject(bothOf(error, left, scratch)))
    throw error
  }
  await clearAway()
}

/** What was found of the backup counts, whatever became of the place. */
function bothOf(error: unknown, left: unknown, scratch: string): unknown {
  if (!(error instanceof Failure && left instanceof Failure)) return error
  return new Failure(error.kind, error.message, { hint: `${scratch} is left: ${left.message}`, cause: error })
}

function targetIn(scratch: string): string {
  return `${scratch}/drill`
}

async function isMade(scratch: string, mark: string): Promise<boolean> {
  const set = [`${markProperty}=${mark}`, 'canmount=off', 'readonly=on'].flatMap((each) => ['-o', each])
  try {
    await runZfs('create', ...set, scratch)
    return true
  } catch (error) {
    if (error instanceof Failure && error.kind === 'exists') return false
    throw error
  }
}

async function takeOver(scratch: string, mark: string, place: LockPlace): Promise<void> {
  await refuseUnlessLeft(scratch, place)
  await destroyScratch(scratch)
  if (!(await isMade(scratch, mark))) throw existsAlready(scratch, 'a drill destroys what it restores to')
}

/** Throws 'exists' unless all of it is of a drill of this machine that runs no more. */
async function refuseUnlessLeft(scratch: string, { owner }: LockPlace): Promise<void> {
  const [id, start = '', ...name] = ((await markOf(scratch)) ?? '').split(' ')
  if (id === undefined || name.join(' ') !== scratch) {
    throw existsAlready(scratch, 'a drill destroys what it restores to')
  }
  if (!(await hasEnded(owner, id, start))) {
    throw new Failure('exists', `${scratch}: is of another drill, ${id}`, {
      hint: `the number at the end is its process; if that has ended: zfs destroy -r '${scratch}'`,
    })
  }
  const other = await settledForeign(scratch)
  if (other !== undefined) throw existsAlready(scratch, `${other} is not of the drill that has left the rest`)
}

/** Undefined if there is none, or it is no drill's. */
async function markOf(scratch: string): Promise<string | undefined> {
  const rows = rowsOf(await runZfsOnSome('get', '-H', '-o', 'value,source', markProperty, scratch))
  return rows.find(([, source]) => source === 'local')?.[0]
}

/** What a killed drill's zfs receive has begun may be there for a moment. */
async function settledForeign(scratch: string): Promise<string | undefined> {
  const settling = new Settling(targetIn(scratch))
  for (;;) {
    const isSettled = await settling.hasEnded()
    const other = await foreignIn(scratch)
    if (other === undefined || other.includes('@') || isSettled) return other
    await sleep(settleMs)
  }
}

/** What no stream of a backup has brought: one brings datasets with snapshots, that were taken before, and no holds. */
async function foreignIn(scratch: string): Promise<string | undefined> {
  const [[, ...datasets], snapshots, output] = await Promise.all([
    listDatasets(scratch),
    listManySnapshots([scratch], { isRecursive: true }),
    runZfs('get', '-Hp', '-o', 'value', 'creation', scratch),
  ])
  const madeMs = Number(output) * 1000
  const odd = snapshots.find(({ creation, holdCount }) => creation.getTime() > madeMs || holdCount > 0)
  if (odd !== undefined) return odd.name
  const target = targetIn(scratch)
  const come = new Set(snapshots.map(({ name }) => splitSnapshotName(name)[0]))
  if (come.has(scratch)) return snapshots.find(({ name }) => name.startsWith(`${scratch}@`))?.name
  return datasets.find((each) => !come.has(each) || !`${each}/`.startsWith(`${target}/`))
}

function existsAlready(scratch: string, why: string): Failure {
  return new Failure('exists', `${scratch}: exists, and ${why}`, { hint: 'name a dataset that is not there yet' })
}

// What was received is busy for a moment after it in zfs-fuse.
const tries = 5
const pauseMs = 500

async function destroyScratch(scratch: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return void (await runZfs('destroy', '-r', scratch))
    } catch (error) {
      if (error instanceof Failure && error.kind === 'unavailable' && (await markOf(scratch)) === undefined) return
      if (attempt === tries) throw error
      await sleep(pauseMs)
    }
  }
}
