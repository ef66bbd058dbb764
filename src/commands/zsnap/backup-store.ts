import { backupStoreUrlOf } from '../../cli/backup-options.ts'
import { ownerOfThisProgram } from '../../cli/owner.ts'
import { connectionOf } from '../../cli/store-options.ts'
import type { Terminal } from '../../cli/terminal.ts'
import type { Store } from '../../store/store.ts'

type StoreArguments = Parameters<typeof backupStoreUrlOf>[0]

/** The store that the options name, for verbs that look at what is there. */
export async function openBackupStore(args: StoreArguments, terminal: Terminal): Promise<Store> {
  const { openStore } = await import('../../store/open-store.ts')
  const { parseObjectUrl } = await import('../../store/url.ts')
  // The key matters to nobody: a place is that of an object.
  const place = parseObjectUrl('any', backupStoreUrlOf(args))
  return openStore(place, { owner: ownerOfThisProgram(), readBack: true, s3: connectionOf(args, terminal) })
}
