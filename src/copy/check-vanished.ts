import { readdir } from 'node:fs/promises'
import type { Attempt, Copier, PartJob } from './copier.ts'
import { type BytePath, bytePath, bytesOf, textOf } from './entry.ts'
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
 * has passed over in silence, and they are not copied.
 */
export async function checkVanished(
  source: LocalSource,
  copier: Copier,
  job: PartJob,
  attempt: Attempt,
): Promise<Attempt> {
  const { present } = attempt
  if (attempt.end !== 'done' || attempt.failed > 0 || present === undefined || present >= job.part.files) return attempt
  const missed = (await countThere(source, copier, job)) - present
  if (missed <= 0) return attempt
  const reason = `${missed} names are there, and were passed over`
  // One that came back may be found by another attempt.
  return { ...attempt, end: 'partial', present: present + missed, failed: missed, names: await oddNames(job), reason }
}

/** Names of a part that can be copied, each counted once. */
async function countThere(source: LocalSource, copier: Copier, { spoolPath, part }: PartJob): Promise<number> {
  const names = new Set<string>()
  for await (const listed of namesIn(readSpool(spoolPath, part), '\0')) {
    const name = nameOfListed(listed)
    for (const path of isFolder(name) ? await namesInFolder(source, name) : [name]) names.add(path)
  }
  const paths = [...names]
  let there = 0
  for (let index = 0; index < paths.length; index += namesAtOnce) {
    const some = paths.slice(index, index + namesAtOnce)
    const entries = await readEntries(bytePath(source.path), some, () => {})
    there += entries.filter(({ kind }) => copier.kinds.has(kind)).length
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

/** Those with characters that lists do not always hold: the likely ones. */
async function oddNames({ spoolPath, part }: PartJob): Promise<readonly string[]> {
  const odd: string[] = []
  for await (const listed of namesIn(readSpool(spoolPath, part), '\0')) {
    const name = nameOfListed(listed)
    if (odd.length < namesKept && /[^\x20-\x7e]/.test(name)) odd.push(textOf(name))
  }
  return odd
}
