// The thread behind digest-thread.ts. Messages in: names under an id, then pieces, then 'finish'; or a name and all bytes.
// Out: one answer to each, with its number.
import { parentPort } from 'node:worker_threads'
import { createDigest, type DigestName, digestOf } from './digest.ts'
import { Md5Turns } from './md5-turns.ts'

export type Question =
  | { readonly name: DigestName; readonly whole: Uint8Array }
  | { readonly id: number; readonly names: readonly DigestName[]; readonly isShared: boolean }
  | { readonly id: number; readonly piece: Uint8Array }
  | { readonly id: number; readonly finish: true }

export interface ToWorker {
  readonly number: number
  readonly question: Question
}

export interface FromWorker {
  readonly number: number
  readonly answer: unknown
}

interface SlowDigest {
  readonly name: DigestName
  update(bytes: Uint8Array): void | Promise<void>
  hex(): string
}

const underWay = new Map<number, readonly SlowDigest[]>()
const turns = new Md5Turns()

async function answerTo(question: Question): Promise<unknown> {
  if ('whole' in question) return digestOf(question.name, question.whole)
  const { id } = question
  if ('names' in question) underWay.set(id, await begin(question.names, question.isShared))
  else if ('piece' in question) for (const digest of underWay.get(id) ?? []) await digest.update(question.piece)
  else return finish(id)
  return undefined
}

/** One alone is faster by itself. */
function begin(names: readonly DigestName[], isShared: boolean): Promise<SlowDigest[]> {
  return Promise.all(
    names.map((name) => (isShared && name === 'md5' ? turns.begin() : undefined) ?? createDigest(name)),
  )
}

function finish(id: number) {
  const digests = underWay.get(id) ?? []
  underWay.delete(id)
  return Object.fromEntries(digests.map((digest) => [digest.name, digest.hex()]))
}

parentPort?.on('message', async ({ number, question }: ToWorker) => {
  parentPort?.postMessage({ number, answer: await answerTo(question) } satisfies FromWorker)
})
