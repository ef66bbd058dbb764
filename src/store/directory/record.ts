import type { BigIntStats } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../errors.ts'
import type { Checksums, Metadata, ObjectProof, StoredObject } from '../store.ts'
import { isRecordOf, type ObjectFiles, recordedName, recordFile } from './layout.ts'

/** What the directory store keeps about an object beside its bytes: one line of JSON. */
export interface ObjectRecord {
  readonly schema: 1
  readonly size: number
  readonly checksums: Checksums
  readonly metadata: Metadata
  /** ISO 8601, UTC. */
  readonly published: string
}

export function makeRecord(proof: ObjectProof, begunWith: Metadata, published: Date): ObjectRecord {
  const { size, checksums, metadata = begunWith } = proof
  return { schema: 1, size, checksums, metadata, published: published.toISOString() }
}

/** What the file system says of the bytes' file. */
export interface BytesFile {
  readonly inode: bigint
  readonly size: number
  readonly mtime: Date
}

export function bytesFile(stat: BigIntStats): BytesFile {
  return { inode: stat.ino, size: Number(stat.size), mtime: stat.mtime }
}

/** Tells the names of all records of an object, in its directory. */
export type RecordNames = (files: ObjectFiles) => Promise<readonly string[]>

const recordNamesNow: RecordNames = async ({ directory, name }) =>
  (await readdir(directory)).filter((fileName) => isRecordOf(name, fileName))

/** The same for whoever describes many: each directory is read once, and is as it was then. */
export function recordNamesOnce(): RecordNames {
  const directories = new Map<string, Promise<ReadonlyMap<string, readonly string[]>>>()
  return async ({ directory, name }) => {
    const known = directories.get(directory) ?? recordsByName(directory)
    directories.set(directory, known)
    return (await known).get(name) ?? []
  }
}

async function recordsByName(directory: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const records = new Map<string, string[]>()
  for (const fileName of await readdir(directory)) {
    const name = recordedName(fileName)
    if (name === undefined) continue
    const known = records.get(name)
    if (known === undefined) records.set(name, [fileName])
    else known.push(fileName)
  }
  return records
}

/** An object as its bytes' file and its record tell it; without a record, as a file that someone put there. */
export async function describeFile(
  files: ObjectFiles,
  key: string,
  file: BytesFile,
  recordNames: RecordNames = recordNamesNow,
): Promise<StoredObject> {
  return describeBytes(key, file, await flawCaught(findRecord(files, file, recordNames)))
}

/** The bytes under a key as their record has them; one that does not fit them, or cannot be read, is the object's flaw. */
export function describeBytes(
  key: string,
  { size, mtime }: Omit<BytesFile, 'inode'>,
  record: ObjectRecord | Failure | undefined,
): StoredObject {
  if (record !== undefined && !(record instanceof Failure)) {
    const flaw = record.size === size ? {} : { flaw: `is ${size} bytes, ${record.size} were stored` }
    return { ...describeRecord(record, key), ...flaw }
  }
  const flaw = record === undefined ? {} : { flaw: record.message }
  return { key, size, etag: `"${size}-${mtime.getTime()}"`, checksums: {}, metadata: {}, published: mtime, ...flaw }
}

/** One damaged record must not hide all other objects from whoever lists them. */
export async function flawCaught<T>(work: Promise<T>): Promise<T | Failure> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Failure && error.kind === 'data') return error
    throw error
  }
}

/** An object as its record tells it. */
export function describeRecord(record: ObjectRecord, key: string): StoredObject {
  const { size, checksums, metadata } = record
  const etag = `"${checksums.xxh64 ?? size}"`
  return { key, size, etag, checksums, metadata, published: new Date(record.published) }
}

/**
 * The record of these bytes. A copy of the directory has new inodes: then the one record of the name speaks for it, and
 * of several the last one with the right size. The checksum decides when the bytes are read.
 */
async function findRecord(
  files: ObjectFiles,
  file: BytesFile,
  recordNames: RecordNames,
): Promise<ObjectRecord | undefined> {
  const exact = await readRecord(recordFile(files, file.inode))
  if (exact !== undefined) return exact
  const names = await recordNames(files)
  const records = await Promise.all(names.map((fileName) => readRecord(join(files.directory, fileName))))
  const found = records.filter((record) => record !== undefined).sort((a, b) => (a.published < b.published ? 1 : -1))
  return found.find((record) => record.size === file.size) ?? found[0]
}

async function readRecord(file: string): Promise<ObjectRecord | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // A name that leaves no room for a record's has none: somebody has put the file there.
    if (error.code === 'ENOENT' || error.code === 'ENAMETOOLONG') return undefined
    throw error
  })
  return text === undefined ? undefined : parseRecord(text, file)
}

/** Reads a record's text. One that is damaged is a Failure 'data': its object cannot be trusted. */
export function parseRecord(text: string, file: string): ObjectRecord {
  try {
    const record: unknown = JSON.parse(text)
    if (isRecord(record)) return record
  } catch (error) {
    throw new Failure('data', `${file}: the record is not JSON`, { cause: error })
  }
  throw new Failure('data', `${file}: the record is of no known form`)
}

function isRecord(found: unknown): found is ObjectRecord {
  const { schema, size, checksums, metadata, published } = (found ?? {}) as Partial<Record<keyof ObjectRecord, unknown>>
  const isSize = Number.isSafeInteger(size) && (size as number) >= 0
  const isTime = typeof published === 'string' && !Number.isNaN(Date.parse(published))
  return schema === 1 && isSize && isTime && areStrings(checksums) && areStrings(metadata)
}

function areStrings(found: unknown): boolean {
  const isObject = typeof found === 'object' && found !== null && !Array.isArray(found)
  return isObject && Object.values(found).every((value) => typeof value === 'string')
}
