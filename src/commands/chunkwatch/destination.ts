import { ownerOfThisProgram } from '../../cli/owner.ts'
import { connectionOf } from '../../cli/store-options.ts'
import type { Terminal } from '../../cli/terminal.ts'
import type { Store } from '../../store/store.ts'
import type { Arguments } from './options.ts'

/** Requests are not ended by the first signal: what is being shipped is finished. */
export async function openDestination(args: Arguments, destination: string, terminal: Terminal): Promise<Store> {
  const { openStore } = await import('../../store/open-store.ts')
  const { parseObjectUrl } = await import('../../store/url.ts')
  const { manifestName } = await import('../../chunks/manifest-file.ts')
  const url = destination.replace(/([^/:])\/+$/, '$1')
  const place = args.join
    ? parseObjectUrl(manifestName, args.stream === undefined ? url : `${url}/${args.stream}`)
    : parseObjectUrl(keyIn(args, manifestName), url)
  const steady = { ...terminal, say: terminal.say, signal: args.join ? terminal.signal : new AbortController().signal }
  const s3 = { ...connectionOf(args, steady), memoryBytes: args.join ? args.memory : 1 }
  return openStore(place, { owner: ownerOfThisProgram(), readBack: args['read-back'], s3 })
}

/** The key of a chunk, or of the manifest, in the destination. */
export function keyIn({ stream }: Arguments, name: string): string {
  return stream === undefined ? name : `${stream}/${name}`
}
