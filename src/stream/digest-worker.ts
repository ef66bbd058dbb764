// The thread behind digest-thread.ts. Messages in: the names, then pieces, then 'finish'; or a name and all bytes. Out:
// one answer to each.
import { parentPort } from 'node:worker_threads'
import { createDigest, type Digest, type DigestName, digestOf } from './digest.ts'

export type ToWorker =
  | { readonly name: DigestName; readonly whole: Uint8Array }
  | { readonly names: readonly DigestName[] }
  | { readonly piece: Uint8Array }
  | { readonly finish: true }

const digests: Digest[] = []

async function answer(message: ToWorker): Promise<unknown> {
  if ('whole' in message) return digestOf(message.name, message.whole)
  if ('names' in message) digests.push(...(await Promise.all(message.names.map(createDigest))))
  else if ('piece' in message) for (const digest of digests) digest.update(message.piece)
  else return Object.fromEntries(digests.map((digest) => [digest.name, digest.hex()]))
  return undefined
}

parentPort?.on('message', async (message: ToWorker) => parentPort?.postMessage(await answer(message)))
