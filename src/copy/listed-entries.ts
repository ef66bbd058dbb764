import { Failure } from '../errors.ts'
import { type BytePath, bytePath, type Entry, textOf } from './entry.ts'
import { readEntries, type Unreadable } from './read-entry.ts'

const namesAtOnce = 512

/**
 * What names from a list stand for, as soon as they come: relative to the root, or beginning with it as it was written, `find src` writes them
 * so. A name that leads out of the root is a Failure 'usage'; one that is not there is told to `onUnreadable`.
 */
export async function* listedEntries(
  root: string,
  rootAsWritten: string,
  groups: AsyncIterable<readonly BytePath[]>,
  onUnreadable: (name: Unreadable) => void,
): AsyncGenerator<readonly Entry[]> {
  const starts = [root, rootAsWritten].map((start) => `${bytePath(start).replace(/\/+$/, '')}/`)
  for await (const names of groups) {
    const paths = names.map((name) => relative(name, starts)).filter((path) => path !== '')
    for (let index = 0; index < paths.length; index += namesAtOnce)
      yield await lookAt(bytePath(root), paths.slice(index, index + namesAtOnce), onUnreadable)
  }
}

async function lookAt(root: BytePath, paths: readonly BytePath[], onUnreadable: (name: Unreadable) => void) {
  const entries = await readEntries(root, paths, onUnreadable)
  if (entries.length < paths.length) {
    const there = new Set(entries.map(({ path }) => path))
    for (const path of paths) if (!there.has(path)) onUnreadable({ path, code: 'ENOENT' })
  }
  return entries
}

function relative(name: BytePath, starts: readonly BytePath[]): BytePath {
  if (name.includes('\0')) throw new Failure('usage', 'the list has NULs between its names', { hint: 'give --null' })
  const start = starts.find((each) => `${name}/`.startsWith(each))
  const inside = start === undefined ? name : name.slice(start.length)
  const path = inside
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')
  const isOutside = (name.startsWith('/') && inside === name) || path.split('/').includes('..')
  if (isOutside) throw new Failure('usage', `'${textOf(name)}' does not lie in ${textOf(starts[0] ?? '')}`)
  return path
}

/** The names of a list, each with `end` (a newline or NUL) behind it; the last may lack it. */
export async function* namesIn(bytes: AsyncIterable<Uint8Array>, end: '\n' | '\0'): AsyncGenerator<BytePath> {
  for await (const names of nameGroups(bytes, end)) yield* names
}

export type LineEnd = '\n' | '\0' | RegExp

/** The same, as many at once as a piece has: a name alone takes longer to be handed on than to be read. */
export async function* nameGroups(bytes: AsyncIterable<Uint8Array>, end: LineEnd): AsyncGenerator<readonly BytePath[]> {
  let rest = ''
  for await (const piece of bytes) {
    const names = (rest + Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1')).split(end)
    rest = names.pop() ?? ''
    yield names.filter((name) => name !== '')
  }
  if (rest !== '') yield [rest]
}
