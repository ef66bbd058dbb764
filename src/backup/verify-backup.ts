import type { Store } from '../store/store.ts'
import { piecesOf } from '../stream/copy.ts'
import type { Transfer } from '../stream/transfer.ts'
import type { Backup } from './backup.ts'
import { openStreamOf, refuseOtherStream } from './receive-backup.ts'

export interface VerifyOptions {
  /** From the stored bytes to the stream. */
  readonly undoing: readonly (readonly string[])[]
  /** Counts the stored bytes. */
  readonly transfer: Transfer
  readonly signal: AbortSignal
}

/**
 * Reads all of a backup: the object's checksum, the stream's own in every record up to its END, and that it holds the
 * snapshot that was recorded. Whatever is wrong with it is a Failure 'data'.
 */
export async function verifyBackup(store: Store, backup: Backup, options: VerifyOptions): Promise<void> {
  const { stream, inspection, close } = await openStreamOf(store, backup, options)
  try {
    for await (const _ of piecesOf(stream));
  } finally {
    await close()
  }
  refuseOtherStream(backup, inspection)
}
