import { constants } from 'node:fs'
import { open, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../../errors.ts'
import { makeFolders } from '../../stream/make-folders.ts'
import { SharedTurn } from '../../stream/shared-turn.ts'

const syncs = new Map<string, SharedTurn>()

/** Makes the names in a directory durable; many who ask at the same time are served at once. */
export async function syncDirectory(directory: string): Promise<void> {
  const turn = syncs.get(directory) ?? new SharedTurn(() => syncNames(directory))
  syncs.set(directory, turn)
  try {
    await turn.ask()
  } finally {
    if (turn.isIdle) syncs.delete(directory)
  }
}

async function syncNames(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a small file durably under a name that nobody reads yet. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes the missing directories below `root`, durably. Of `/` itself none is made: its disk may not be mounted. */
export async function makeDirectories(directory: string, root: string): Promise<void> {
  const made = await mkdirBelow(directory, root)
  if (made === undefined) return
  for (let at = directory; at.length >= made.length; at = dirname(at)) await syncDirectory(dirname(at))
}

async function mkdirBelow(directory: string, root: string): Promise<string | undefined> {
  const top = root === '/' ? `/${directory.split('/')[1]}` : root
  const isThere = await open(top, 'r').then(
    (handle) => handle.close().then(() => true),
    (error) => error.code !== 'ENOENT',
  )
  if (!isThere) throw missingRoot(top)
  return makeFolders(directory)
}

export function missingRoot(root: string): Failure {
  return new Failure('unavailable', `${root}: no such directory`, {
    hint: 'is its disk mounted? it is not made for you',
  })
}

/** Removes a file; one that is not there is no failure. */
export async function removeFile(file: string): Promise<void> {
  await unlink(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

export async function statOrMissing(file: string) {
  return stat(file, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (isMissing(error)) return undefined
    throw error
  })
}

/** Whether a name could not be opened or looked at because no file has it, or can have it. */
export function isMissing({ code = '' }: NodeJS.ErrnoException): boolean {
  return ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'].includes(code)
}

/**
 * Does work that takes a file its name, and tells it the file's inode; undefined if there is none. The file is held open
 * meanwhile: else the next file of another program may get the same inode.
 */
export async function withInode(file: string, work: (inode: bigint | undefined) => Promise<void>): Promise<void> {
  // Who may not read it may replace it all the same.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined)
  try {
    await work((await (handle?.stat({ bigint: true }) ?? statOrMissing(file)))?.ino)
  } finally {
    await handle?.close()
  }
}
