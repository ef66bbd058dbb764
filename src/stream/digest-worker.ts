// The thread behind digest-thread.ts. Messages in: the names, then pieces, then 'finish'. Out: one answer to each.
import { parentPort } from 'node:worker_threads'
import { createDigest, type Digest, type DigestName } from './digest.ts'

export type ToWorker =
  | { readonly names: readonly DigestName[] }
  | { readonly piece: Uint8Array }
  | { readonly finish: true }

const digests: Digest[] = []

async function answer(message: ToWorker): Promise<unknown> {
  if ('names' in message) digests.push(...(await Promise.all(message.names.map(createDigest))))
  else if ('piece' in message) for (const digest of digests) digest.update(message.piece)
  else return Object.fromEntries(digests.map((digest) => [digest.name, digest.hex()]))
  return undefined
}

parentPort?.on('message', async (message: ToWorker) => parentPort?.postMessage(await answer(message)))
