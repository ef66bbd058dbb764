import { Failure } from '../errors.ts'
import type { TopNames } from './copier.ts'
import type { BytePath } from './entry.ts'
import type { RootMark } from './root-mark.ts'

/** How many names may be deleted. */
export interface RemovalLimit {
  readonly most: number
  /** The user said it; else it is what the source has. */
  readonly isGiven: boolean
  /** The folders that were copied: a source that is not mounted any more has nothing, and all would go. */
  readonly roots: RootMark
}

/** Throws 'exists' if it would be more. A source that is not mounted has nothing, and all would go. */
export function refuseMany(extra: number, { most, isGiven }: Omit<RemovalLimit, 'roots'>): void {
  if (extra <= most) return
  const would = `${extra} names would be deleted`
  if (isGiven) throw new Failure('exists', `${would}, and --max-delete is ${most}: none was`)
  const hint = `if that is meant, give --max-delete=${extra}`
  throw new Failure('exists', `${would}, more than the ${most} that the source has: none was`, { hint })
}

/**
 * Throws 'exists' if a destination has something, and nothing that the source has: it is no copy of it, but was meant to
 * hold one beside other things, or the source is not mounted.
 */
export function refuseForeign(
  names: TopNames,
  places: { readonly source: string; readonly destination: string },
  isExcluded: (name: BytePath) => boolean,
): void {
  // A new disk has lost+found.
  const there = names.destination.filter((name) => name !== 'lost+found' && !isExcluded(name))
  const own = new Set(names.source)
  if (there.length === 0 || there.some((name) => own.has(name))) return
  throw new Failure(
    'exists',
    `nothing in ${places.destination} is in ${places.source}: it is no copy of it, and all would be deleted`,
    {
      hint: 'copy without --delete at first; or, if that is meant, give --max-delete',
    },
  )
}
