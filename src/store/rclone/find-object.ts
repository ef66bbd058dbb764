import { Failure } from '../../errors.ts'
import { isRecordOf } from '../directory/layout.ts'
import { describeBytes, flawCaught, type ObjectRecord, parseRecord } from '../directory/record.ts'
import type { StoredObject } from '../store.ts'
import type { KeyFiles } from './layout.ts'
import { type Entry, type HashName, patternOf, type Remote } from './remote.ts'

/** A record that also names the remote's own hash of the bytes. */
export interface RemoteRecord extends ObjectRecord {
  readonly hash?: { readonly name: HashName; readonly hex: string }
}

export interface FoundObject {
  readonly object: StoredObject
  readonly entry: Entry
}

/** The bytes under a key, and what their record says of them; undefined if there are none. */
export async function findObject(remote: Remote, files: KeyFiles): Promise<FoundObject | undefined> {
  const { folder, name } = files
  const pattern = patternOf(name)
  const entries = await remote.list(folder, [`/${pattern}`, `/.${pattern}.*.zpipes`])
  const entry = entries.find(({ path }) => path === name)
  if (entry === undefined) return undefined
  const records = entries.filter(({ path }) => isRecordOf(name, path)).map(({ path }) => folder + path)
  return { object: await describeEntry(remote, folder + name, entry, records), entry }
}

/** An object by its entry and the keys of its records; without one, as a file that someone put there. */
export async function describeEntry(
  remote: Remote,
  key: string,
  entry: Entry,
  recordKeys: readonly string[],
): Promise<StoredObject> {
  const bytes = { size: entry.size, mtime: new Date(entry.modified) }
  return describeBytes(key, bytes, await flawCaught(findRecord(remote, key, entry, recordKeys)))
}

async function findRecord(remote: Remote, key: string, entry: Entry, recordKeys: readonly string[]) {
  const texts = await Promise.all(recordKeys.map((each) => remote.read(each)))
  const records = texts.flatMap((text, at) =>
    text === undefined ? [] : [parseRecord(text, remote.urlOf(recordKeys[at] ?? '')) as RemoteRecord],
  )
  return recordOf(remote, key, entry, records)
}

async function recordOf(remote: Remote, key: string, entry: Entry, records: readonly RemoteRecord[]) {
  const newestFirst = records.toSorted((a, b) => (a.published < b.published ? 1 : -1))
  const fitting = newestFirst.filter(({ size }) => size === entry.size)
  const [first] = fitting
  if (fitting.every(({ checksums }) => checksums.xxh64 === first?.checksums.xxh64)) return first ?? newestFirst[0]
  const byHash = await findByHash(remote, key, fitting)
  if (byHash !== undefined) return byHash
  throw new Failure('data', `${remote.urlOf(key)}: ${fitting.length} records of its size, and no hash tells which`, {
    hint: 'a replacement was interrupted: store it again with --overwrite',
  })
}

async function findByHash(remote: Remote, key: string, records: readonly RemoteRecord[]) {
  for (const record of records) {
    if (record.hash === undefined) continue
    const { name, hex } = record.hash
    if ((await remote.stat(key, name))?.hashes[name] === hex) return record
  }
  return undefined
}
