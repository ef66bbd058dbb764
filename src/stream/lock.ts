import { createHash, randomUUID } from 'node:crypto'
import { lstat, readdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import type { Writer } from './atomic-file.ts'
import { makeFolders } from './make-folders.ts'

export interface LockPlace {
  /** A directory of this machine that does not outlive a restart. Made if it is missing. */
  readonly folder: string
  readonly owner: Writer
}

/*
 * A lock is a file `<16 digits of what it is for>.<owner id>`. Whoever wants it writes his own and then looks for others':
 * the files of owners that are gone (kill -9) are removed, that of a living one wins. No two can both see none. If two
 * come at the same instant both may see the other; so each tries again, after times that differ. Its lines are what it is
 * for, and when the owner's process began, in ticks: another may have got its number since.
 */
const tries = 4
const pauseMs = 60

/** Does the work while no other program of this machine does the same. If one does, that is a Failure 'retry'. */
export async function withLock<T>(what: string, place: LockPlace, work: () => Promise<T>): Promise<T> {
  const file = await acquire(what, place)
  try {
    return await work()
  } finally {
    await unlink(file).catch(() => {})
  }
}

async function acquire(what: string, { folder, owner }: LockPlace): Promise<string> {
  const subject = createHash('sha256').update(what).digest('hex').slice(0, 16)
  const file = join(folder, `${subject}.${owner.id}`)
  await makeFolders(folder, 0o700)
  await refuseForeign(folder)
  for (let attempt = 1; ; attempt++) {
    await writeFile(file, `${what}\n${await startOf(owner.id)}\n`)
    const other = await findOther(folder, subject, owner)
    if (other === undefined) return file
    await unlink(file)
    if (attempt === tries) throw heldBy(what, join(folder, other))
    await sleep(pauseMs * (0.5 + Math.random()))
  }
}

/** In /tmp anybody may have made it before us, to keep us out or to have us write elsewhere. */
async function refuseForeign(folder: string): Promise<void> {
  const probe = join(folder, `.${randomUUID()}`)
  const found = await lstat(folder)
  if (found.isDirectory()) {
    // Whoever a file that we make belongs to is who we are: not every user has a name to be asked for.
    await writeFile(probe, '', { flag: 'wx' })
    const { uid } = await lstat(probe)
    await unlink(probe)
    if (found.uid === uid) return
  }
  throw new Failure('permission', `${folder}: is not a directory of this user's, and no place for locks`, {
    hint: 'remove it, or have its owner do so',
  })
}

async function findOther(folder: string, subject: string, owner: Writer): Promise<string | undefined> {
  for (const name of await readdir(folder)) {
    const [itsSubject, id = ''] = name.split('.')
    if (id === owner.id) continue
    const isOver =
      itsSubject === subject ? await hasEnded(owner, id, await startIn(join(folder, name))) : owner.isGone(id)
    // Those for something else too: nobody may ask for it again.
    if (isOver) await unlink(join(folder, name)).catch(() => {})
    else if (itsSubject === subject) return name
  }
  return undefined
}

/** In a container that has the folder too, numbers are those of other processes. */
function machineOf(ownerId: string): string | undefined {
  return ownerId.split('-')[0]
}

async function startIn(file: string): Promise<string> {
  return (await readFile(file, 'utf8').catch(() => '')).split('\n')[1] ?? ''
}

/** True only for a program of this machine that runs no more, though another process may have its number now. */
export async function hasEnded(owner: Writer, id: string, start: string): Promise<boolean> {
  if (owner.isGone(id)) return true
  if (machineOf(id) !== machineOf(owner.id)) return false
  const startNow = await startOf(id)
  return start !== '' && startNow !== '' && start !== startNow
}

/** The starttime in proc(5)'s stat; '' where there is no /proc, and of a process that is gone. */
export async function startOf(ownerId: string): Promise<string> {
  const [, pid] = ownerId.split('-')
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The second field is a name in parentheses, which may hold blanks.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

function heldBy(what: string, file: string): Failure {
  return new Failure('retry', `${what}: another program is at it`, {
    hint: `its lock is ${file}; the number at the end is its process`,
  })
}
