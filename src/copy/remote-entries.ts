import { Failure } from '../errors.ts'
import { type ChildEnd, describeBadEnd, startChild } from '../stream/child.ts'
import { shellWord } from '../stream/shell-words.ts'
import type { BytePath, Entry, EntryKind } from './entry.ts'
import { nameGroups } from './listed-entries.ts'
import type { Unreadable } from './read-entry.ts'

/*
 * What find(1) of a host writes for each name, by -printf: kind, bytes, names of the inode, its device and number,
 * blocks of 512 bytes, and the path, with tabs between them and a NUL behind:
 *
 *   f TAB 1234 TAB 1 TAB 64768:131 TAB 8 TAB some/path NUL
 */
const format = '%y\\t%s\\t%n\\t%D:%i\\t%b\\t%P\\0'

const kinds: Readonly<Record<string, EntryKind>> = { f: 'file', d: 'directory', l: 'symlink' }

export interface RemoteSource {
  /** The words that reach its host, which is the last of them. */
  readonly reach: readonly string[]
  readonly folder: string
  readonly exclude: readonly string[]
  /** Only what lies at the top, each name standing for all that is below it. */
  readonly topAlone: boolean
  readonly signal: AbortSignal
}

/**
 * Everything below a folder of another host, told by its find(1), which must be GNU's. What find could not look at goes
 * to `onUnreadable`; a name that went while it looked is left out.
 */
export async function* remoteEntries(
  { reach, folder, exclude, topAlone, signal }: RemoteSource,
  onUnreadable: (name: Unreadable) => void,
): AsyncGenerator<readonly Entry[]> {
  const left = exclude.flatMap((pattern) => ['-name', shellWord(pattern), '-prune', '-o'])
  const depth = topAlone ? ['-maxdepth', '1'] : []
  const find = ['find', '.', '-mindepth', '1', ...depth, ...left, '-printf', shellWord(format)].join(' ')
  const complaints = new Complaints(onUnreadable)
  const argv = [...reach, `cd ${shellWord(folder)} && env LC_ALL=C ${find}`]
  const onStderr = (bytes: Uint8Array) => complaints.add(bytes)
  const child = startChild(argv, { stdin: 'ignore', stdout: 'pipe', stderr: 'keep', onStderr, signal })
  for await (const lines of nameGroups(child.stdout, '\0')) yield lines.map(entryOf)
  const end = await child.ended
  const isTold = 'status' in end && end.status === 1 && complaints.areOfNames
  if (!isTold) throwBadEnd(reach.at(-1) ?? '', end, child.stderrTail())
}

function throwBadEnd(host: string, ended: ChildEnd, said: string): void {
  const end = describeBadEnd(ended)
  if (end !== undefined) throw new Failure('unavailable', `${host}: find ${end}: ${said}`)
}

const codes: Readonly<Record<string, string>> = { 'Permission denied': 'EACCES', 'Input/output error': 'EIO' }

/** What find says on stderr, one name on a line: `find: './a/b': Permission denied`. */
class Complaints {
  /** All of it was of names, and something was said. */
  areOfNames = false
  readonly #onUnreadable: (name: Unreadable) => void
  #isOther = false
  #rest = ''

  constructor(onUnreadable: (name: Unreadable) => void) {
    this.#onUnreadable = onUnreadable
  }

  add(bytes: Uint8Array): void {
    const lines = (this.#rest + Buffer.from(bytes).toString('latin1')).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#addLine(line)
    this.areOfNames = !this.#isOther && this.#rest === ''
  }

  #addLine(line: string): void {
    const [, path, reason = ''] = /^find: ['`](?:\.\/)?(.*)': ([^']*)$/.exec(line) ?? []
    if (path === undefined) this.#isOther = true
    else if (reason !== 'No such file or directory') this.#onUnreadable({ path, code: codes[reason] ?? reason })
  }
}

function entryOf(line: BytePath): Entry {
  const [kind = '', bytes = '', names = '', inode = '', blocks = '', ...path] = line.split('\t')
  const size = kind === 'f' ? Number(bytes) : 0
  return {
    path: path.join('\t'),
    kind: kinds[kind] ?? 'special',
    bytes: size,
    sharedInode: kind !== 'd' && Number(names) > 1 ? inode : undefined,
    isSparse: kind === 'f' && Number(blocks) * 512 < size,
  }
}
