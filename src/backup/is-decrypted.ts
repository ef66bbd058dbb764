import { splitSnapshotName } from '../zfs/snapshot.ts'
import { isUnknownToZfs, runZfs } from '../zfs/zfs-command.ts'
import type { BackupJob } from './backup-job.ts'

/**
 * Whether a chain begins with what its dataset keeps encrypted: zfs send decrypts it unless it sends raw, and nothing
 * encrypts it again. What the user's own commands make of it is theirs.
 */
export async function isDecrypted({ step, send, stages }: BackupJob): Promise<boolean> {
  const { commands, metadata } = stages
  const isOwnCommand = commands.length > 0 && Object.keys(metadata).length === 0
  const isEncryptedAgain = metadata['encryptor'] !== undefined || metadata['compressor'] === 'gpg'
  if (step.from !== undefined || send.includes('-w') || isOwnCommand || isEncryptedAgain) return false
  const [dataset] = splitSnapshotName(step.snapshot.name)
  const encryption = await runZfs('get', '-H', '-o', 'value', 'encryption', dataset).catch((error: unknown) => {
    if (isUnknownToZfs(error)) return 'off'
    throw error
  })
  return !['-', 'off'].includes(encryption.trim())
}
