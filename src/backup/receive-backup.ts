import { Failure } from '../errors.ts'
import { getStream } from '../store/get-stream.ts'
import type { Store } from '../store/store.ts'
import { checked } from '../stream/checked-input.ts'
import { shellCommand } from '../stream/child.ts'
import { compressionNamed } from '../stream/compression.ts'
import { piecesOf } from '../stream/copy.ts'
import { throughFilter, throughFilters } from '../stream/filter.ts'
import type { Input } from '../stream/input.ts'
import { iteratedInput } from '../stream/iterated-input.ts'
import { startProgramOutput } from '../stream/program-output.ts'
import { Transfer } from '../stream/transfer.ts'
import { type Inspection, inspectStream } from '../zfs/send-stream/inspection.ts'
import type { Snapshot } from '../zfs/snapshot.ts'
import type { Backup } from './backup.ts'
import { decryptionOf } from './encryptors.ts'
import type { StreamContent } from './stream-content.ts'

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
  /** The program that reads the stream, by what its beginning shows. */
  receive(isPackage: boolean): readonly string[]
  /** Counts the stored bytes. */
  readonly transfer: Transfer
  readonly signal: AbortSignal
  /** Learns what the stream brings. */
  readonly content?: StreamContent
  /** The snapshot that the stream is to go on from, where it was there before. */
  readonly base: Snapshot | undefined
  /** Done when the store, the programs and the key have given the beginning of the very stream that is meant. */
  makeReady(): Promise<void>
}

/**
 * Fetches a backup into zfs receive. The last piece of the stream is held back until the object has equalled its checksum
 * and the stream is checked to its end: a damaged one is not completed.
 */
export async function receiveBackup(store: Store, backup: Backup, options: ReceiveOptions): Promise<void> {
  const { receive, transfer, signal } = options
  const { stream, inspection, close } = await openStreamOf(store, backup, options)
  let receiver: ReturnType<typeof startProgramOutput> | undefined
  try {
    for await (const piece of piecesOf(stream)) {
      if (receiver === undefined) {
        refuseOtherStream(backup, inspection)
        if (options.base !== undefined) refuseOtherBase(backup, inspection, options.base)
        await options.makeReady()
        const isPackage = inspection.facts?.kind === 'package'
        receiver = startProgramOutput(receive(isPackage), { onBadEnd: 'io', signal })
      }
      await transfer.meter.during('output', receiver.write(piece))
    }
    await receiver?.end()
  } finally {
    await Promise.allSettled([receiver?.stop(), close()])
  }
}

/** Throws 'data' if the stream holds another snapshot than the one that was recorded. */
export function refuseOtherStream(backup: Backup, { facts }: Inspection): void {
  const { guid = backup.guid } = facts?.first ?? {}
  if (backup.guid === undefined || guid === backup.guid) return
  throw new Failure('data', `${backup.name}: the stream's guid is ${guid}, ${backup.guid} was recorded`)
}

/**
 * Throws 'exists' if the stream goes on from another snapshot than the one that is there: where no guid was recorded, a
 * name has told which is meant, and nothing shall be destroyed for a name.
 */
function refuseOtherBase(backup: Backup, { facts }: Inspection, base: Snapshot): void {
  if (facts === undefined) throw new Failure('data', `${backup.name}: is no ZFS stream as it is stored`, throughHint)
  const { kind, first } = facts
  if (first.fromGuid === base.guid || (kind === 'package' && first.fromGuid === undefined)) return
  throw namesake(base, `${backup.name} goes on from ${first.fromGuid ?? 'none'}`)
}

/** Throws 'exists' if the snapshot that has a backup's name is another one than the stream's, which is read for it. */
export async function refuseNamesake(
  store: Store,
  backup: Backup,
  there: Snapshot,
  options: Omit<ReceiveOptions, 'receive' | 'makeReady' | 'base' | 'transfer'>,
): Promise<void> {
  const transfer = new Transfer(backup.object.size)
  const { stream, inspection, close } = await openStreamOf(store, backup, { ...options, transfer })
  try {
    await stream.fill(new Uint8Array(new SharedArrayBuffer(beginningBytes)))
  } finally {
    await close()
  }
  const guid = inspection.facts?.first.guid
  if (guid !== undefined && guid !== there.guid) throw namesake(there, `that of ${backup.name} is ${guid}`)
}

// The first record, and those before the first snapshot of a package.
const beginningBytes = 256 * 1024

const throughHint = { hint: '--through names the program that makes it one' }

function namesake({ name, guid }: Snapshot, other: string): Failure {
  return new Failure('exists', `${name}: is another snapshot of this name: its guid is ${guid}, and ${other}`, {
    hint: '--to names another dataset to restore to',
  })
}

/** A backup's stream, checked on its way: the last piece comes only when object and stream are proven. */
export async function openStreamOf(
  store: Store,
  backup: Backup,
  options: Omit<ReceiveOptions, 'receive' | 'makeReady' | 'base'>,
) {
  const { undoing, transfer, signal, content } = options
  const object = await store.open(backup.object.key)
  const bytes = getStream(store, object, { verify: true, checks: [counted(transfer)] })
  const plain = undone(iteratedInput(bytes), backup, undoing, signal)
  const inspection = inspectStream('zfs', { signal, ...(content && { onBegin: content.onBegin }) })
  const stream = checked(plain, [inspection])
  async function close(): Promise<void> {
    await Promise.allSettled([stream.close()])
    await object.close()
  }
  return { stream, inspection, close }
}

/** A key that does not fit looks the same to age and gpg as bytes that are damaged. */
function undone(stored: Input, backup: Backup, undoing: ReceiveOptions['undoing'], signal: AbortSignal): Input {
  const [first, ...others] = undoing
  if (first === undefined || first[0] !== decryptorOf(backup)) {
    return throughFilters(stored, undoing, { onBadEnd: 'data', signal })
  }
  const decrypted = throughFilter(stored, first, { onBadEnd: 'permission', signal })
  return throughFilters(decrypted, others, { onBadEnd: 'data', signal })
}

function decryptorOf({ encryptor, compressor }: Backup): string | undefined {
  return encryptor ?? (compressor === 'gpg' ? compressor : undefined)
}

function counted(transfer: Transfer) {
  return {
    look(piece: Uint8Array) {
      transfer.doneBytes += piece.length
    },
  }
}
