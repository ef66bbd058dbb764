import { putStream } from '../store/put-stream.ts'
import type { Metadata, Store, StoredObject } from '../store/store.ts'
import type { Backup } from './backup.ts'
import { ownPrefix } from './list-backups.ts'

/** cheap: what the store says of the object. deep: every byte was read and checked. drill: it was restored. */
export const depths = ['cheap', 'deep', 'drill'] as const
export type Depth = (typeof depths)[number]

/** What came of looking at a backup. */
export interface Verification {
  readonly at: Date
  readonly depth: Depth
  /** Why it is not good; undefined if it is. */
  readonly flaw: string | undefined
}

/*
 * An object's metadata cannot change, so each backup has an empty object beside it, `.zpipes/verified/dataset@snapshot`:
 *
 *   verified-at      when, as 2026-11-21T06:25:00.000Z
 *   verified-depth   cheap | deep | drill
 *   verified-etag    of the object looked at: another object under its key is not verified
 *   verified-stored  when that object was stored, by its store: the same bytes may be stored again
 *   verified-flaw    what was wrong; absent if nothing was
 */
const folder = `${ownPrefix}verified/`

export function verificationKey(name: string): string {
  return folder + name
}

/** Headers hold few bytes, and a flaw may quote a program. */
const longestFlaw = 300

export async function recordVerification(store: Store, { name, object }: Backup, found: Verification): Promise<void> {
  const metadata: Metadata = {
    'verified-at': found.at.toISOString(),
    'verified-depth': found.depth,
    'verified-etag': object.etag,
    'verified-stored': object.published.toISOString(),
    ...(found.flaw === undefined ? {} : { 'verified-flaw': found.flaw.replace(/\s+/g, ' ').slice(0, longestFlaw) }),
  }
  const nothing = { fill: async () => 0, close: async () => {} }
  const options = { overwrite: true, allowEmpty: true, metadata: () => metadata }
  await putStream(store, verificationKey(name), nothing, options)
}

/**
 * Gives what was found of each backup when it was last looked at, as long as its object is the same. One that was stored
 * again since is another, though its bytes and so its ETag be equal: those that were found bad may have rotted.
 */
export async function readVerifications(store: Store, prefix: string): Promise<VerificationOf> {
  const records = new Map<string, StoredObject>()
  for await (const record of store.list(verificationKey(prefix))) records.set(record.key, record)
  return ({ name, object }) => {
    const record = records.get(verificationKey(name))
    if (record === undefined || !isOf(object, record)) return undefined
    return verificationIn(record.metadata)
  }
}

function isOf({ etag, published }: StoredObject, record: StoredObject): boolean {
  if (record.metadata['verified-etag'] !== etag) return false
  const { 'verified-stored': stored } = record.metadata
  // Of which is the later, clocks tell nothing; the first release tells nothing else.
  return stored === undefined ? record.published >= published : stored === published.toISOString()
}

export type VerificationOf = (backup: Backup) => Verification | undefined

function verificationIn(metadata: Metadata): Verification | undefined {
  const at = new Date(metadata['verified-at'] ?? '')
  const depth = depths.find((each) => each === metadata['verified-depth'])
  if (depth === undefined || Number.isNaN(at.getTime())) return undefined
  return { at, depth, flaw: metadata['verified-flaw'] }
}
