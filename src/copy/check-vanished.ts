import type { Attempt, Copier, PartJob } from './copier.ts'
import { textOf } from './entry.ts'
import { namesIn } from './listed-entries.ts'
import { readEntries } from './read-entry.ts'
import { nameOfListed, readSpool } from './spool.ts'

const namesAtOnce = 512
const namesKept = 20

/**
 * A program that found fewer names than it was given says that the others have vanished. Those that are still there it
 * has passed over in silence, and they are not copied. `root` is the source, on this machine.
 */
export async function checkVanished(root: string, copier: Copier, job: PartJob, attempt: Attempt): Promise<Attempt> {
  const { present } = attempt
  if (attempt.end !== 'done' || attempt.failed > 0 || present === undefined || present >= job.part.files) return attempt
  const missed = (await countThere(root, copier, job)) - present
  if (missed <= 0) return attempt
  const reason = `${missed} names are there, and were passed over`
  // One that came back may be found by another attempt.
  return { ...attempt, end: 'partial', present: present + missed, failed: missed, names: await oddNames(job), reason }
}

/** Names of a part that can be copied, each counted once. */
async function countThere(root: string, copier: Copier, { spoolPath, part }: PartJob): Promise<number> {
  const names = new Set<string>()
  for await (const name of namesIn(readSpool(spoolPath, part), '\0')) names.add(nameOfListed(name))
  const paths = [...names]
  let there = 0
  for (let index = 0; index < paths.length; index += namesAtOnce) {
    const some = paths.slice(index, index + namesAtOnce)
    const entries = await readEntries(Buffer.from(root).toString('latin1'), some, () => {})
    there += entries.filter(({ kind }) => copier.kinds.has(kind)).length
  }
  return there
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
