import { Failure } from '../errors.ts'
import { putStream } from '../store/put-stream.ts'
import type { Store, StoredObject } from '../store/store.ts'
import { type Check, checked } from '../stream/checked-input.ts'
import { startChild } from '../stream/child.ts'
import { watchCompression } from '../stream/compression.ts'
import { throughFilters } from '../stream/filter.ts'
import { programInput } from '../stream/program-input.ts'
import { Transfer } from '../stream/transfer.ts'
import { type Inspection, inspectStream } from '../zfs/send-stream/inspection.ts'
import type { BackupJob } from './backup-job.ts'
import { streamMetadata } from './metadata.ts'
import { refuseLostParent, withdrawWithoutParent } from './refuse-lost-parent.ts'

/** How far a backup is: bytes of the stream, which are more than those stored where it is compressed. */
export class BackupProgress implements Check {
  readonly stored = new Transfer()
  readonly totalBytes: number
  doneBytes = 0

  constructor(totalBytes: number) {
    this.totalBytes = totalBytes
  }

  look(piece: Uint8Array): void {
    this.doneBytes += piece.length
  }

  get waiting() {
    return this.stored.waiting
  }
}

export interface StoreBackupOptions {
  readonly progress: BackupProgress
  readonly resume: boolean
  readonly signal: AbortSignal
  /** Look at the stream before it is compressed, such as a rate limit. */
  readonly checks: readonly Check[]
}

/**
 * Sends a snapshot into the store. Every stage is watched: if zfs send, the stream itself, a compressor or the store fails,
 * nothing is published, and that is the Failure.
 */
export async function storeBackup(store: Store, job: BackupJob, options: StoreBackupOptions): Promise<StoredObject> {
  const { progress, signal } = options
  const inspection = inspectStream('zfs', { signal })
  const compression = watchCompression()
  const send = startChild(job.send, { stdin: 'ignore', stdout: 'pipe', stderr: 'keep', signal })
  const stream = checked(programInput(send, 'data'), [...options.checks, inspection, progress])
  const parentThere = { look: () => {}, finish: () => refuseLostParent(store, job) }
  const filtered = throughFilters(stream, job.stages.commands, { onBadEnd: 'unavailable', signal })
  const body = checked(filtered, [compression, parentThere])
  try {
    const object = await putStream(store, job.key, body, {
      overwrite: job.step.isReplacement,
      allowEmpty: false,
      resume: options.resume,
      transfer: progress.stored,
      metadata: () => ({
        ...streamMetadata(factsOf(inspection, job)),
        ...(compression.found === undefined ? {} : { compressor: compression.found.name }),
        ...job.metadata,
      }),
    })
    await withdrawWithoutParent(store, job, object)
    return object
  } finally {
    await body.close()
  }
}

/** Between the listing and the sending, a snapshot can be destroyed and taken again under its name. */
function factsOf({ facts }: Inspection, { step: { snapshot, from } }: BackupJob) {
  const found = facts?.first
  if (found === undefined) return facts
  refuseOther(snapshot.name, snapshot.guid, found.guid)
  if (from !== undefined) refuseOther(from.source.name, from.source.guid, found.fromGuid)
  return facts
}

function refuseOther(name: string, listed: string, sent: string | undefined): void {
  if (sent === listed) return
  throw new Failure(
    'retry',
    `${name}: had the guid ${listed} when it was listed, and ${sent ?? 'none'} when it was sent`,
    {
      hint: 'it was taken anew meanwhile: run the same command again',
    },
  )
}
