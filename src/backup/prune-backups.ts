import { Failure } from '../errors.ts'
import type { Store } from '../store/store.ts'
import type { Backup } from './backup.ts'
import type { Chains } from './chains.ts'
import { verificationKey } from './verification.ts'

export interface PruneRun {
  readonly signal: AbortSignal
  onRemoved(backup: Backup): void
  onFailure(failure: Failure): void
}

/**
 * Removes backups in the order of their plan. What the store refuses (a lock, a missing permission) is told once and stays,
 * and with it all that it goes on from; the others are removed.
 */
export async function pruneBackups(
  store: Store,
  removed: readonly Backup[],
  { parentOf }: Pick<Chains, 'parentOf'>,
  run: PruneRun,
): Promise<void> {
  const stillNeeded = new Map<Backup, Backup>()
  const keepSource = (backup: Backup, because: Backup) => {
    const source = backup.isFull ? undefined : parentOf(backup)
    if (source !== undefined) stillNeeded.set(source, because)
  }
  for (const backup of removed) {
    run.signal.throwIfAborted()
    const because = stillNeeded.get(backup)
    try {
      if (because !== undefined) throw stays(backup, because)
      await store.remove(backup.object.key)
      run.onRemoved(backup)
      // It says something of what is no more; left behind it harms nobody.
      await store.remove(verificationKey(backup.name)).catch(() => {})
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      keepSource(backup, because ?? backup)
      run.onFailure(error)
    }
  }
}

function stays(backup: Backup, because: Backup): Failure {
  return new Failure('unavailable', `${backup.name}: stays, since ${because.name} needs it and could not be removed`)
}
