import { Failure } from '../errors.ts'
import { describeBadEnd, startChild } from '../stream/child.ts'
import { shellWord } from '../stream/shell-words.ts'
import type { BytePath, Entry, EntryKind } from './entry.ts'
import { namesIn } from './listed-entries.ts'

/*
 * What find(1) of a host writes for each name, by -printf: kind, bytes, names of the inode, its device and number,
 * blocks of 512 bytes, and the path, with tabs between them and a NUL behind:
 *
 *   f TAB 1234 TAB 1 TAB 64768:131 TAB 8 TAB some/path NUL
 */
const format = '%y\\t%s\\t%n\\t%D:%i\\t%b\\t%P\\0'

const kinds: Readonly<Record<string, EntryKind>> = { f: 'file', d: 'directory', l: 'symlink' }

const entriesAtOnce = 512

/** Everything below a folder of another host, told by its find(1), which must be GNU's. */
export async function* remoteEntries(
  reach: readonly string[],
  folder: string,
  exclude: readonly string[],
  topAlone: boolean,
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[]> {
  const left = exclude.flatMap((pattern) => ['-name', shellWord(pattern), '-prune', '-o'])
  const depth = topAlone ? ['-maxdepth', '1'] : []
  const find = ['find', '.', '-mindepth', '1', ...depth, ...left, '-printf', shellWord(format)].join(' ')
  const argv = [...reach, `cd ${shellWord(folder)} && ${find}`]
  const child = startChild(argv, { stdin: 'ignore', stdout: 'pipe', stderr: 'keep', signal })
  let entries: Entry[] = []
  for await (const line of namesIn(child.stdout, '\0')) {
    entries.push(entryOf(line))
    if (entries.length === entriesAtOnce) {
      yield entries
      entries = []
    }
  }
  if (entries.length > 0) yield entries
  const end = describeBadEnd(await child.ended)
  if (end !== undefined) throw new Failure('unavailable', `${reach.at(-1)}: find ${end}: ${child.stderrTail()}`)
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
