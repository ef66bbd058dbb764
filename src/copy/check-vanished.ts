import { readdir } from 'node:fs/promises'
import type { Attempt, Copier, PartJob } from './copier.ts'
import { type BytePath, bytePath, bytesOf, type Entry, textOf } from './entry.ts'
import { namesIn } from './listed-entries.ts'
import { readEntries } from './read-entry.ts'
import { nameOfListed, readSpool } from './spool.ts'

const namesAtOnce = 512
const namesKept = 20

/** A folder of this machine, and what is copied of it. */
export interface LocalSource {
  readonly path: string
  /** Names that are left out wherever they lie in a folder that is copied as a whole. */
  isExcluded(name: BytePath): boolean
}

/**
 * A program that found fewer names than it was given says that the others have vanished. Those that are still there it
 * has passed over in silence, and they are not copied; `destination` tells which, if it is a folder of this machine.
 */
export async function checkVanished(
  source: LocalSource,
  copier: Copier,
  job: PartJob,
  attempt: Attempt,
  destination?: string,
): Promise<Attempt> {
  const { present } = attempt
  if (attempt.end !== 'done' || attempt.failed > 0 || present === undefined || present >= job.part.files) return attempt
  const there = await entriesThere(source, copier, job)
  const missed = there.length - present
  if (missed <= 0) return attempt
  const reason = `${missed} names are there, and were passed over`
  const names = destination === undefined ? oddNames(there) : await namesNotAt(destination, there)
  // One that came back may be found by another attempt.
  return { ...attempt, end: 'partial', present: present + missed, failed: missed, names, reason }
}

/** What of a part can be copied, each name once. */
async function entriesThere(source: LocalSource, copier: Copier, { spoolPath, part }: PartJob): Promise<Entry[]> {
  const names = new Set<string>()
  for await (const listed of namesIn(readSpool(spoolPath, part), '\0')) {
    const name = nameOfListed(listed)
    for (const path of isFolder(name) ? await namesInFolder(source, name) : [name]) names.add(path)
  }
  const paths = [...names]
  const there: Entry[] = []
  for (let index = 0; index < paths.length; index += namesAtOnce) {
    const entries = await readEntries(bytePath(source.path), paths.slice(index, index + namesAtOnce), () => {})
    there.push(...entries.filter(({ kind }) => copier.kinds.has(kind)))
  }
  return there
}

function isFolder(name: BytePath): boolean {
  return name === '' || name.endsWith('/')
}

async function namesInFolder({ path, isExcluded }: LocalSource, folder: BytePath): Promise<readonly BytePath[]> {
  const names = await readdir(bytesOf(`${bytePath(path)}/${folder}`), { encoding: 'latin1' }).catch(() => [])
  return names.filter((name) => !isExcluded(name)).map((name) => `${folder}${name}`)
}

/** The first that have not come there; a folder is none of these, as rsync makes of a link that it is to follow. */
async function namesNotAt(destination: string, there: readonly Entry[]): Promise<readonly string[]> {
  const missing: string[] = []
  for (let index = 0; index < there.length && missing.length < namesKept; index += namesAtOnce) {
    const paths = there.slice(index, index + namesAtOnce).map(({ path }) => path)
    const entries = await readEntries(bytePath(destination), paths, () => {})
    const found = new Set(entries.filter(({ kind }) => kind !== 'directory').map(({ path }) => path))
    missing.push(...paths.filter((path) => !found.has(path)).map(textOf))
  }
  return missing.slice(0, namesKept)
}

/** Links, and names with characters that lists do not always hold: the likely ones. */
function oddNames(there: readonly Entry[]): readonly string[] {
  const odd = there.filter(({ path, kind }) => kind === 'symlink' || /[^\x20-\x7e]/.test(path))
  return odd.slice(0, namesKept).map(({ path }) => textOf(path))
}
