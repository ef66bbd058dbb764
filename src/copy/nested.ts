import { realpath } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { Failure } from '../errors.ts'
import { type BytePath, bytePath } from './entry.ts'
import type { Place } from './place.ts'

/**
 * Throws 'usage' where one folder lies in the other: what is copied would be found and copied again, and what is deleted
 * as extra could be the source.
 */
export async function refuseNested(source: Place, destination: Place, deletes: boolean): Promise<void> {
  if (source.kind !== 'local' || destination.kind !== 'local') return
  const [from, to] = [await realPath(source.path), await realPath(destination.path)]
  if (from === to) throw new Failure('usage', `source and destination are the same folder: ${from}`)
  if (liesIn(to, from)) throw new Failure('usage', `the destination ${to} lies in the source ${from}`)
  if (deletes && liesIn(from, to)) throw new Failure('usage', `the source ${from} lies in the destination ${to}`)
}

/** Tells the working folder, as a path in the source, if it lies there. */
export async function ownPath(source: string, workingFolder: string): Promise<BytePath | undefined> {
  const [root, own] = [await realPath(source), await realPath(workingFolder)]
  return liesIn(own, root) ? bytePath(relative(root, own)) : undefined
}

function liesIn(path: string, folder: string): boolean {
  const inside = relative(folder, path)
  return inside !== '' && inside !== '..' && !inside.startsWith('../')
}

/** Of what need not be there yet: symbolic links in what is there are followed. */
async function realPath(path: string): Promise<string> {
  const found = await realpath(path).catch(() => undefined)
  if (found !== undefined || dirname(path) === path) return found ?? path
  return join(await realPath(dirname(path)), basename(path))
}
