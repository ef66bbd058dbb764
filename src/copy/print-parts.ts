import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Failure } from '../errors.ts'
import type { Copier } from './copier.ts'
import { bytesOf, textOf } from './entry.ts'
import { emptyQueues, findNames, type NameSource } from './find-names.ts'
import { namesIn } from './listed-entries.ts'
import type { Part } from './part-queue.ts'
import type { Owner, SpoolName } from './run-folder.ts'
import { nameOfListed, readSpool } from './spool.ts'

/** Cuts a tree into parts for so many workers, and gives for each a command for a shell. Its list lies in the run's folder. */
export async function* printParts(
  source: NameSource & { readonly owner: Owner },
  workers: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { folder } = source
  const queues = emptyQueues(source.isDeep)
  folder.claim(source.owner)
  try {
    await findNames(source, queues, () => {}, signal)
    let number = 0
    for (const spool of ['files', 'together'] as const) {
      for (let part = queues[spool].take(workers); part !== undefined; part = queues[spool].take(workers)) {
        number += 1
        yield await commandLine(source, part, spool, folder.file(`part.${number}`))
      }
    }
  } finally {
    folder.release()
  }
}

async function commandLine(
  { copier, folder }: NameSource,
  part: Part,
  spool: SpoolName,
  list: string,
): Promise<string> {
  const names = linesOf(readSpool(folder.file(spool), part), copier.listEnd)
  await pipeline(names, createWriteStream(list, { mode: 0o600 }))
  return copier.commandFor(list, spool === 'together')
}

async function* linesOf(spool: AsyncIterable<Uint8Array>, end: Copier['listEnd']): AsyncGenerator<Uint8Array> {
  for await (const listed of namesIn(spool, '\0')) {
    const name = end === '\n' ? nameOfListed(listed) : listed
    if (name.includes(end)) throw new Failure('usage', `'${textOf(name)}': no list of rclone's can hold a line break`)
    yield bytesOf(`${name}${end}`)
  }
}
