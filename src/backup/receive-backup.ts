import { getStream } from '../store/get-stream.ts'
import type { Store } from '../store/store.ts'
import { checked } from '../stream/checked-input.ts'
import { shellCommand, startChild } from '../stream/child.ts'
import { compressionNamed } from '../stream/compression.ts'
import { piecesOf } from '../stream/copy.ts'
import { throughFilters, writerTo } from '../stream/filter.ts'
import { iteratedInput } from '../stream/iterated-input.ts'
import { endWell } from '../stream/program-input.ts'
import type { Transfer } from '../stream/transfer.ts'
import { inspectStream } from '../zfs/send-stream/inspection.ts'
import type { Backup } from './backup.ts'
import { decryptionOf } from './encryptors.ts'

export interface UndoWishes {
  /** The file with the key for age. */
  readonly identity: string | undefined
  /** Shell command lines, in place of what is recorded. */
  readonly through: readonly string[]
}

/** The programs that make the stream again of a backup's bytes. What is not known here is a Failure: it never passes as plain. */
export function undoingOf(backup: Backup, { identity, through }: UndoWishes): readonly (readonly string[])[] {
  if (through.length > 0) return through.map(shellCommand)
  const { encryptor, compressor } = backup
  return [
    ...(encryptor === undefined ? [] : [decryptionOf(encryptor, identity)]),
    ...(compressor === undefined || compressor === 'none' ? [] : [compressionNamed(compressor).decompress]),
  ]
}

export interface ReceiveOptions {
  /** From the stored bytes to the stream. */
  readonly undoing: readonly (readonly string[])[]
  /** The program that reads the stream. */
  readonly receive: readonly string[]
  /** Counts the stored bytes. */
  readonly transfer: Transfer
  readonly signal: AbortSignal
}

/**
 * Fetches a backup into zfs receive. The last piece of the stream is held back until the object has equalled its checksum
 * and the stream is checked to its end: a damaged one is not completed.
 */
export async function receiveBackup(store: Store, backup: Backup, options: ReceiveOptions): Promise<void> {
  const { receive, transfer, signal } = options
  const { stream, close } = await openStreamOf(store, backup, options)
  const child = startChild(receive, { stdin: 'pipe', stdout: 'inherit', stderr: 'keep', signal })
  const writer = writerTo(child, 'io')
  try {
    for await (const piece of piecesOf(stream)) await transfer.meter.during('output', writer.write(piece))
    await writer.end()
    await endWell(child, 'io')
  } finally {
    await Promise.allSettled([child.stop(), close()])
  }
}

/** A backup's stream, checked on its way: the last piece comes only when object and stream are proven. */
export async function openStreamOf(store: Store, backup: Backup, options: Omit<ReceiveOptions, 'receive'>) {
  const { undoing, transfer, signal } = options
  const object = await store.open(backup.object.key)
  const bytes = getStream(store, object, { verify: true, checks: [counted(transfer)] })
  const plain = throughFilters(iteratedInput(bytes), undoing, { onBadEnd: 'data', signal })
  const inspection = inspectStream('zfs', { signal })
  const stream = checked(plain, [inspection])
  async function close(): Promise<void> {
    await Promise.allSettled([stream.close()])
    await object.close()
  }
  return { stream, inspection, close }
}

function counted(transfer: Transfer) {
  return {
    look(piece: Uint8Array) {
      transfer.doneBytes += piece.length
    },
  }
}
