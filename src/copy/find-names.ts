import type { Copier } from './copier.ts'
import { type BytePath, type Entry, type EntryKind, textOf } from './entry.ts'
import { PartQueue, type PartQueueOptions } from './part-queue.ts'
import type { Unreadable } from './read-entry.ts'
import type { FinishedPart, Found, RunFolder, SpoolName } from './run-folder.ts'
import { EntrySorter } from './sort-entries.ts'
import { type Crumb, Spool } from './spool.ts'
import type { Tally } from './tally.ts'

export interface NameSource {
  readonly copier: Copier
  readonly folder: RunFolder
  /** The names to copy; each call walks again. */
  entries(onUnreadable: (name: Unreadable) => void): AsyncIterable<readonly Entry[]>
  /** Each name stands for all that is below it. */
  readonly isDeep: boolean
  /** Go on with what an earlier run left, if its walk had ended. */
  readonly reuse: boolean
  /** Changes as the work goes on; for whoever shows it. */
  readonly tally: Tally
}

const lookMs = 100

type CrumbRange = Pick<FinishedPart, 'firstCrumb' | 'crumbCount'>

export type Queues = Readonly<Record<SpoolName, PartQueue>>

/** Their parts have numbers in one row. */
export function emptyQueues(isDeep: boolean, rest: Pick<PartQueueOptions, 'now' | 'leastAtFirst'> = {}): Queues {
  let number = 0
  const nextNumber = () => {
    number += 1
    return number
  }
  const options = { nextNumber, ...rest }
  // Nobody knows how much a name stands for: each is worth a program.
  const files = new PartQueue('files', isDeep ? { ...options, least: 1 } : options)
  return { files, together: new PartQueue('together', options) }
}

/** Fills the queues, from an earlier run's books or by walking, and closes them. `changed` is called when there is more. */
export async function findNames(
  source: NameSource,
  queues: Queues,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  const earlier = source.reuse ? source.folder.earlier() : undefined
  if (earlier === undefined) await walkAll(source, queues, changed, signal)
  else {
    source.tally.found = earlier.index.found
    for (const part of earlier.finished) addFinished(source, part, earlier.index.crumbs[part.spool])
    for (const spool of ['files', 'together'] as const) {
      const done = new Set(earlier.finished.filter((part) => part.spool === spool).flatMap(crumbNumbers))
      for (const [index, crumb] of earlier.index.crumbs[spool].entries()) {
        if (!done.has(index)) queues[spool].addAt(index, crumb)
      }
    }
  }
  source.tally.isFound = true
  queues.files.close()
  queues.together.close()
  changed()
}

/** How many a part had: what a deep name stands for, and what came into a folder after the walk, its copy tells. */
export function filesOf({ files }: { readonly files: number }, present: number, isDeep: boolean): number {
  return isDeep ? present : Math.max(files, present)
}

/** A part of an earlier run. */
function addFinished({ tally, isDeep }: NameSource, part: FinishedPart, crumbs: readonly Crumb[]): void {
  const files = filesOf(part, part.present, isDeep)
  tally.found = { ...tally.found, files: tally.found.files + files - part.files }
  tally.addPart({ ...part, files, bytes: bytesOf(part, crumbs), failed: 0 })
}

function bytesOf({ firstCrumb, crumbCount }: CrumbRange, crumbs: readonly Crumb[]): number {
  return crumbs.slice(firstCrumb, firstCrumb + crumbCount).reduce((sum, { bytes }) => sum + bytes, 0)
}

function crumbNumbers({ firstCrumb, crumbCount }: CrumbRange): readonly number[] {
  return Array.from({ length: crumbCount }, (_, index) => firstCrumb + index)
}

async function walkAll(source: NameSource, queues: Queues, changed: () => void, signal: AbortSignal) {
  const { folder, tally } = source
  folder.clear()
  const crumbs: Record<SpoolName, Crumb[]> = { files: [], together: [] }
  const spoolNamed = (name: SpoolName) =>
    new Spool(folder.file(name), (crumb) => {
      crumbs[name].push(crumb)
      queues[name].add(crumb)
      changed()
    })
  const spools = {
    files: spoolNamed('files'),
    together: spoolNamed('together'),
    folders: new Spool(folder.file('folders'), () => {}),
  }
  const sorter = new EntrySorter(spools, source.copier, source.isDeep)
  const parents = new Parents()
  let isWhole = true
  const onUnreadable = (name: Unreadable) => {
    isWhole = false
    addUnreadable(tally, name)
  }
  const look = () => {
    if (queues.files.isHungry) {
      sorter.cut()
      spools.files.cut()
    }
    changed()
  }
  // The next name may be long in coming.
  const timer = setInterval(look, lookMs)
  try {
    for await (const entries of source.entries(onUnreadable)) {
      signal.throwIfAborted()
      sorter.add(entries)
      tally.found = addedTo(tally.found, entries, source)
      parents.add(entries)
      look()
    }
  } finally {
    clearInterval(timer)
  }
  signal.throwIfAborted()
  tally.found = { ...tally.found, emptyFolders: Math.max(0, tally.found.folders - parents.count) }
  sorter.end()
  // What could not be read is in no list: a later run looks for it again.
  if (isWhole) folder.endWalk({ found: tally.found, crumbs })
}

/** Counts the folders that something lies in, the root aside: a walk tells of what is in one without a break. */
class Parents {
  count = 0
  #last = ''

  add(entries: readonly Entry[]): void {
    for (const { path } of entries) {
      const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')))
      if (parent !== this.#last && parent !== '') this.count += 1
      this.#last = parent
    }
  }
}

function addedTo(found: Found, entries: readonly Entry[], { copier: { kinds }, isDeep }: NameSource): Found {
  if (isDeep) return { ...found, files: found.files + entries.length }
  const count = (of: (entry: Entry) => boolean) => entries.filter(of).length
  const folders = count(({ kind }) => kind === 'directory')
  const apart = (wanted: EntryKind) => count(({ kind }) => kind === wanted && !kinds.has(wanted))
  return {
    ...found,
    files: found.files + entries.length - folders,
    folders: found.folders + folders,
    bytes: found.bytes + entries.reduce((sum, { bytes }) => sum + bytes, 0),
    symlinks: found.symlinks + apart('symlink'),
    specials: found.specials + apart('special'),
  }
}

function addUnreadable(tally: Tally, { path, code }: { path: BytePath; code: string }): void {
  tally.addProblem({ names: [textOf(path)], count: 1, reason: `cannot be read: ${code}` })
}
