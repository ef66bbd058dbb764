import { Failure } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { Transfer } from '../stream/transfer.ts'
import { splitSnapshotName } from '../zfs/snapshot.ts'
import type { Backup } from './backup.ts'
import { refuseNamesake, type UndoWishes, undoingOf } from './receive-backup.ts'
import { isPackage, type RestorePlan } from './restore-plan.ts'
import { StreamContent } from './stream-content.ts'
import { type VerifyOptions, verifyBackup } from './verify-backup.ts'

/**
 * What is there already by what is recorded is not always what is meant: another dataset may have another snapshot of that
 * name; and of a package, an interrupted run may have left others out.
 */
export async function refuseOther(
  store: Store,
  { wanted, base }: RestorePlan,
  { to, ...undo }: UndoWishes & { readonly to: string },
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const content = new StreamContent()
  const options = { undoing: undoingOf(wanted, undo), content, signal }
  const isOwn = splitSnapshotName(wanted.name)[0] === to
  if (base !== undefined && wanted.guid === undefined && !isOwn) await refuseNamesake(store, wanted, base, options)
  if (isPackage(wanted) || content.isPackage) await refuseLack(store, wanted, to, options)
}

/** Only the whole stream tells all that it brings. */
async function refuseLack(
  store: Store,
  backup: Backup,
  to: string,
  options: Required<Omit<VerifyOptions, 'transfer'>>,
): Promise<void> {
  await verifyBackup(store, backup, { ...options, transfer: new Transfer(backup.object.size) })
  const lack = await options.content.missingFrom(to)
  if (lack === undefined) return
  throw new Failure('exists', `${to}: has ${backup.name}, but ${lack}, which came with it, is not there`, {
    hint: `zfs destroy -r '${to}' makes room for all of it, once nothing below it is needed; --to names another dataset`,
  })
}
