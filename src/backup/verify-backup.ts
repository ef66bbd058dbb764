import { Failure } from '../errors.ts'
import { getStream } from '../store/get-stream.ts'
import type { Store } from '../store/store.ts'
import { piecesOf } from '../stream/copy.ts'
import type { Transfer } from '../stream/transfer.ts'
import type { Backup } from './backup.ts'
import { openStreamOf, refuseOtherStream } from './receive-backup.ts'
import type { StreamContent } from './stream-content.ts'

export interface VerifyOptions {
  /** From the stored bytes to the stream. */
  readonly undoing: readonly (readonly string[])[]
  /** Counts the stored bytes. */
  readonly transfer: Transfer
  readonly signal: AbortSignal
  /** Learns what the stream brings. */
  readonly content?: StreamContent
}

/**
 * Reads all of a backup: the object's checksum, the stream's own in every record up to its END, and that it holds the
 * snapshot that was recorded. Whatever is wrong with it is a Failure 'data'; a key that does not fit is 'permission'.
 */
export async function verifyBackup(store: Store, backup: Backup, options: VerifyOptions): Promise<void> {
  const { stream, inspection, close } = await openStreamOf(store, backup, options)
  try {
    for await (const _ of piecesOf(stream));
  } catch (error) {
    if (error instanceof Failure && error.kind === 'permission') await refuseDamage(store, backup)
    throw error
  } finally {
    await close()
  }
  refuseOtherStream(backup, inspection)
}

/** What cannot be decrypted may be damaged: throws 'data' if it is, and nothing if it is the key that does not fit. */
async function refuseDamage(store: Store, { object: { key } }: Backup): Promise<void> {
  const object = await store.open(key)
  try {
    for await (const _ of getStream(store, object, { verify: true, checks: [] }));
  } finally {
    await object.close()
  }
}
