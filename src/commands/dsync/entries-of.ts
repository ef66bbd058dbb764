import type { CopyTreeOptions } from '../../copy/copy-tree.ts'
import type { BytePath } from '../../copy/entry.ts'
import type { Place } from '../../copy/place.ts'
import { Failure } from '../../errors.ts'
import type { Arguments } from './options.ts'
import { placesOf, readsNames } from './places.ts'

/** The names to copy: from stdin, from a walk here without `own`, or from one on the host that has the source. */
export async function entriesOf(
  args: Arguments,
  source: Place,
  own: BytePath | undefined,
  signal: AbortSignal,
): Promise<CopyTreeOptions['entries']> {
  if (source.kind === 'cloud') throw new Failure('usage', `${source.url}: the source is a folder, here or on a host`)
  if (readsNames(args.place)) {
    const { availablePieces } = await import('../../stream/available-pieces.ts')
    const { listedEntries, nameGroups } = await import('../../copy/listed-entries.ts')
    if (source.kind !== 'local') throw new Failure('usage', 'a list of names needs a source on this machine')
    const groups = nameGroups(availablePieces(0, signal), args.null ? '\0' : '\n')
    return (onUnreadable) => listedEntries(source.path, placesOf(args)[0], groups, onUnreadable)
  }
  const { bytePath } = await import('../../copy/entry.ts')
  const { excluder } = await import('../../copy/exclude.ts')
  const { topEntries, walk } = await import('../../copy/walk.ts')
  const { remoteEntries } = await import('../../copy/remote-entries.ts')
  if (source.kind === 'remote') {
    const reach = [...args.ssh.split(' ').filter(Boolean), source.host]
    const { exclude } = args
    const remote = { reach, folder: source.path, exclude, topAlone: args['no-fpart'] === true, signal }
    return (onUnreadable) => remoteEntries(remote, onUnreadable)
  }
  const isExcluded = excluder(args.exclude)
  const isLeft = (path: BytePath) => path === own
  const find = args['no-fpart'] ? topEntries : walk
  return (onUnreadable) => find(bytePath(source.path), { isExcluded, isLeft, onUnreadable })
}
