import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { setImmediate as others } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import type { FoundFile } from './chunk-source.ts'

export interface Writer {
  readonly pid: number
  /** The process's start in clock ticks since boot: a number is given to another process in time. */
  readonly startTime: string
  readonly device: bigint
  /** Of the file that it has open, without symbolic links. */
  readonly path: string
}

/** Who may write to which files, as one look at all processes found it. */
export interface OpenFiles {
  /** By the inode. */
  readonly writers: ReadonlyMap<bigint, readonly Writer[]>
  /** The users of those processes that could not be looked into, as their directories in /proc say. */
  readonly hiddenUsers: ReadonlySet<number>
  /** Whether there are others that are not even listed, as where /proc is mounted with hidepid=invisible. */
  readonly hasUnlisted: boolean
}

/** Who looks. */
export interface Viewer {
  readonly userId: number
  readonly groupId: number
}

export const nobodyWrites: OpenFiles = { writers: new Map(), hiddenUsers: new Set(), hasUnlisted: false }

const writeModes = 0o3
const directory = '/proc'
const processesAtOnce = 50

/**
 * Looks at all processes once. A process that ends meanwhile writes no more. Descriptors that were opened for reading do
 * not count; what a process has mapped and closed is not seen. Without /proc that is a Failure 'unavailable'.
 */
export async function findOpenFiles(): Promise<OpenFiles> {
  const writers = new Map<bigint, Writer[]>()
  const hiddenUsers = new Set<number>()
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const pids = names.filter((name) => /^\d+$/.test(name))
  if (pids.length === 0) {
    throw new Failure('unavailable', `${directory}: not mounted, so nobody can tell who writes to a file`, {
      hint: 'mount it; nothing is removed that a process may still write to',
    })
  }
  for (const [index, pid] of pids.entries()) {
    // What is asked of /proc comes at once, and a thread of the pool would take ten times as long; files are elsewhere.
    if (index % processesAtOnce === 0) await others()
    const fds = answerOf(() => readdirSync(`${directory}/${pid}/fd`))
    if (fds instanceof Error) {
      if (!['ENOENT', 'ESRCH'].includes(fds.code ?? '')) hiddenUsers.add(await userOf(pid))
    } else await addWriters(pid, fds, writers)
  }
  hiddenUsers.delete(-1)
  // Every system has process 1, and whoever may see all is shown it.
  return { writers, hiddenUsers, hasUnlisted: !pids.includes('1') }
}

async function addWriters(pid: string, fds: readonly string[], writers: Map<bigint, Writer[]>) {
  for (const fd of fds) {
    const link = `${directory}/${pid}/fd/${fd}`
    const target = answerOf(() => readlinkSync(link))
    // A hard link elsewhere, or another mount, has another path: the file itself is asked.
    if (target instanceof Error || !target.startsWith('/') || target.startsWith('/dev/')) continue
    const info = answerOf(() => readFileSync(`${directory}/${pid}/fdinfo/${fd}`, 'utf8'))
    const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(String(info))?.[1] ?? '2', 8)
    if ((flags & writeModes) === 0) continue
    const found = await stat(link, { bigint: true }).catch(() => undefined)
    if (found === undefined || !found.isFile()) continue
    const { startTime } = await statusOf(pid)
    const writer = { pid: Number(pid), startTime, device: found.dev, path: target }
    writers.set(found.ino, [...(writers.get(found.ino) ?? []), writer])
  }
}

function answerOf<T>(ask: () => T): T | NodeJS.ErrnoException {
  try {
    return ask()
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}

/**
 * Who may write to a file: a process that has it open, or perhaps one of its owner's, or of another user who has the right
 * to, that cannot be looked into. Root has the right to all: its hidden processes count for its own files alone, else nothing
 * would ever be complete without privilege. Nor do any count where the file's maker has named it.
 */
export function whoMayWrite(
  file: FoundFile,
  open: OpenFiles,
  { userId, groupId }: Viewer,
): 'nobody' | 'writer' | 'hidden' {
  if (writersOf(file, open).length > 0) return 'writer'
  if (file.isNamed) return 'nobody'
  const { hiddenUsers, hasUnlisted } = open
  if (hiddenUsers.has(file.userId) || (hasUnlisted && file.userId !== userId)) return 'hidden'
  const isShared = (file.mode & 0o002) !== 0 || ((file.mode & 0o020) !== 0 && file.groupId !== groupId)
  const hasOthers = hasUnlisted || [...hiddenUsers].some((user) => user !== 0)
  return hasOthers && isShared ? 'hidden' : 'nobody'
}

export function writersOf({ device, inode }: FoundFile, { writers }: OpenFiles): readonly Writer[] {
  return writers.get(inode)?.filter((writer) => writer.device === device) ?? []
}

/** Whether a process is the one that it was. */
export async function isAlive({ pid, startTime }: Writer): Promise<boolean> {
  return (await stateOfProcess(pid, startTime)) !== undefined
}

/** The letter of proc(5), such as T for one that is stopped; undefined if it is not the one that it was, or has ended. */
export async function stateOfProcess(pid: number, startTime: string): Promise<string | undefined> {
  const found = await statusOf(String(pid))
  return startTime !== '' && found.startTime === startTime ? found.state : undefined
}

export async function nameOfProcess(pid: number): Promise<string> {
  return (await readFile(`${directory}/${pid}/comm`, 'utf8').catch(() => '')).trim()
}

/** Fields 3 and 22 of stat; the second, the program's name, may hold blanks and parentheses. Empty if it has ended. */
async function statusOf(pid: string): Promise<{ state: string; startTime: string }> {
  const text = await readFile(`${directory}/${pid}/stat`, 'utf8').catch(() => '')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const state = fields[0] ?? ''
  return { state, startTime: state === 'Z' ? '' : (fields[19] ?? '') }
}

async function userOf(pid: string): Promise<number> {
  return stat(`${directory}/${pid}`).then(
    ({ uid }) => uid,
    () => -1,
  )
}
