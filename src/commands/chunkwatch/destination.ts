import { ownerOfThisProgram } from '../../cli/owner.ts'
import { connectionOf, type StoreArguments } from '../../cli/store-options.ts'
import type { Terminal } from '../../cli/terminal.ts'
import type { Store } from '../../store/store.ts'
import type { Arguments } from './options.ts'

/** The signal that ends what must not be ended by the first INT: what is being shipped is finished. */
export const unending: AbortSignal = new AbortController().signal

/** Where chunks go. */
export async function openDestination(args: Arguments, destination: string, terminal: Terminal): Promise<Store> {
  const { openStore } = await import('../../store/open-store.ts')
  const { parseObjectUrl } = await import('../../store/url.ts')
  const { manifestName } = await import('../../chunks/manifest-file.ts')
  const place = parseObjectUrl(keyIn(args, manifestName), withoutSlash(destination))
  const steady = { ...terminal, say: terminal.say, signal: unending }
  const s3 = { ...connectionOf(args, steady), memoryBytes: 1 }
  return openStore(place, { owner: ownerOfThisProgram(), readBack: args['read-back'], s3 })
}

/** Where chunks are: a store of them alone. */
export async function openChunks(url: string, args: StoreArguments, terminal: Terminal): Promise<Store> {
  const { openStore } = await import('../../store/open-store.ts')
  const { parseObjectUrl } = await import('../../store/url.ts')
  const { manifestName } = await import('../../chunks/manifest-file.ts')
  const place = parseObjectUrl(manifestName, withoutSlash(url))
  return openStore(place, { owner: ownerOfThisProgram(), readBack: false, s3: connectionOf(args, terminal) })
}

/** The key of a chunk, or of the manifest, in the destination. */
export function keyIn({ stream }: Pick<Arguments, 'stream'>, name: string): string {
  return stream === undefined ? name : `${stream}/${name}`
}

function withoutSlash(url: string): string {
  return url.replace(/([^/:])\/+$/, '$1')
}
