import { Failure } from '../errors.ts'
import type { Store } from '../store/store.ts'
import type { Backup } from './backup.ts'
import type { Catalogue } from './catalogue.ts'
import { verificationKey } from './verification.ts'

export interface PruneRun {
  readonly signal: AbortSignal
  /** The backups of the dataset itself, as the store has them now. */
  lookAtOwn(): Promise<readonly Backup[]>
  /** All backups that may go on from what is removed, in whatever dataset. */
  lookAtAll(): Promise<readonly Backup[]>
  onRemoved(backup: Backup): void
  /** Of one backup. Whatever it throws ends all. */
  onFailure(error: unknown): void
}

// What came since then is found after the end, too late to keep what it needs.
const lookEveryMs = 2000
// A large store takes long to list: no more than a fifth of the time goes into it. Of one dataset it need not be spared.
const [shareOfAll, shareOfOwn] = [1 / 5, 1]

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
  const looks = [new Looks(() => run.lookAtAll(), shareOfAll), new Looks(() => run.lookAtOwn(), shareOfOwn)]
  for (const backup of removed) {
    run.signal.throwIfAborted()
    for (const each of looks) needs.learn(await each.ifDue())
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
  for (const orphan of needs.orphansAmong(await run.lookAtAll(), gone)) run.onFailure(orphan)
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

/** Looks again and again, but no more than a share of the time. */
class Looks {
  readonly #look: () => Promise<readonly Backup[]>
  readonly #share: number
  #nextMs = 0

  constructor(look: () => Promise<readonly Backup[]>, share: number) {
    this.#look = look
    this.#share = share
  }

  /** What is there now; nothing if the last look was not long ago. */
  async ifDue(): Promise<readonly Backup[]> {
    const startedMs = performance.now()
    if (startedMs < this.#nextMs) return []
    const found = await this.#look()
    const endedMs = performance.now()
    this.#nextMs = endedMs + Math.max(lookEveryMs, (endedMs - startedMs) * (1 / this.#share - 1))
    return found
  }
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
