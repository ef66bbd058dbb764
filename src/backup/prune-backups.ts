import { Failure } from '../errors.ts'
import type { Store } from '../store/store.ts'
import type { Backup } from './backup.ts'
import type { Catalogue } from './catalogue.ts'
import { verificationKey } from './verification.ts'

export interface PruneRun {
  readonly signal: AbortSignal
  /** All backups that may go on from what is removed, in whatever dataset, as the store has them now. */
  look(): Promise<readonly Backup[]>
  onRemoved(backup: Backup): void
  /** Of one backup. Whatever it throws ends all. */
  onFailure(error: unknown): void
}

// What came since then is found after the end, too late to keep what it needs. A large store takes long to list: no more
// than a fifth of the time goes into it.
const lookEveryMs = 2000
const shareOfLooks = 1 / 5

/**
 * Removes backups in the order of their plan. What the store refuses (a lock, a missing permission) is told once and stays,
 * and with it all that it goes on from; the others are removed. So does what another machine has gone on from since the
 * catalogue was read. If that is seen too late, it is told: 'data'.
 */
export async function pruneBackups(
  store: Store,
  removed: readonly Backup[],
  catalogue: Pick<Catalogue, 'parentOf' | 'backups'>,
  run: PruneRun,
): Promise<void> {
  const needs = new Needs(catalogue)
  const gone = new Set<Backup>()
  let nextLookMs = 0
  for (const backup of removed) {
    run.signal.throwIfAborted()
    const startedMs = performance.now()
    if (startedMs >= nextLookMs) {
      needs.learn(await run.look())
      const tookMs = performance.now() - startedMs
      nextLookMs = performance.now() + Math.max(lookEveryMs, tookMs * (1 / shareOfLooks - 1))
    }
    try {
      await removeUnneeded(store, backup, needs)
      gone.add(backup)
      run.onRemoved(backup)
    } catch (error) {
      needs.keepSource(backup, needs.of(backup) ?? backup)
      run.onFailure(error)
    }
  }
  if (gone.size === 0) return
  for (const orphan of needs.orphansAmong(await run.look(), gone)) run.onFailure(orphan)
}

async function removeUnneeded(store: Store, backup: Backup, needs: Needs): Promise<void> {
  const { name, object } = backup
  const because = needs.of(backup)
  if (because !== undefined) {
    throw new Failure('unavailable', `${name}: stays, since ${because.name} needs it and is there still`)
  }
  const found = await store.describe(object.key)
  if (found !== undefined && found.etag !== object.etag) {
    throw new Failure('retry', `${name}: stays, since it was replaced meanwhile`)
  }
  await store.remove(object.key)
  // It says something of what is no more; left behind it harms nobody.
  await store.remove(verificationKey(name)).catch(() => {})
}

/** Who goes on from whom, as far as it is known by now. */
class Needs {
  readonly #catalogue: Pick<Catalogue, 'parentOf' | 'backups'>
  readonly #known: ReadonlySet<string>
  readonly #stillNeeded = new Map<Backup, Backup>()

  constructor(catalogue: Pick<Catalogue, 'parentOf' | 'backups'>) {
    this.#catalogue = catalogue
    this.#known = new Set(catalogue.backups.map(identityOf))
  }

  /** Some backup that stays and goes on from this one. */
  of(backup: Backup): Backup | undefined {
    return this.#stillNeeded.get(backup)
  }

  keepSource(backup: Backup, because: Backup): void {
    const source = this.#sourceOf(backup)
    if (source !== undefined) this.#stillNeeded.set(source, because)
  }

  learn(now: readonly Backup[]): void {
    for (const backup of this.#new(now)) this.keepSource(backup, backup)
  }

  orphansAmong(now: readonly Backup[], gone: ReadonlySet<Backup>): readonly Failure[] {
    return this.#new(now).flatMap((backup) => {
      const source = this.#sourceOf(backup)
      if (source === undefined || !gone.has(source)) return []
      const what = `${backup.name}: was stored meanwhile, and goes on from ${source.name}, which is removed`
      return [new Failure('data', what, { hint: 'zsnap backup --full begins a new chain' })]
    })
  }

  #new(now: readonly Backup[]): readonly Backup[] {
    return now.filter((each) => !this.#known.has(identityOf(each)))
  }

  #sourceOf(backup: Backup): Backup | undefined {
    return backup.isFull ? undefined : this.#catalogue.parentOf(backup)
  }
}

function identityOf({ name, object }: Backup): string {
  return `${name} ${object.etag}`
}
