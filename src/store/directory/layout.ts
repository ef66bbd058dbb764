import { join } from 'node:path'
import { Failure } from '../../errors.ts'

/*
 * An object with the key `tank/home@mon` in the directory DIR, with inode 4711:
 *
 *   DIR/tank/home@mon                                     its bytes, nothing else
 *   DIR/tank/.home@mon.4711.zpipes                        its record (record.ts)
 *   DIR/tank/.home@mon.<owner>.<random>.upload            its bytes before it is published
 *
 * The record is written first, then the bytes get their name: by link (a key that must be new) or by rename (one that
 * is replaced). That single step switches bytes and record, since the record's name holds the inode of the bytes.
 */

const maxNameBytes = 255
// '.' + name + '.' + inode + '.zpipes', or '.' + name + '.' + owner + '.' + random + '.upload'.
const addedBytes = 40

export interface ObjectFiles {
  readonly directory: string
  readonly name: string
  readonly bytes: string
}

/** The files of a key. One of the store's own names is a Failure 'usage'. */
export function filesOf(root: string, key: string): ObjectFiles {
  const bytes = join(root, key)
  const slash = bytes.lastIndexOf('/')
  const name = bytes.slice(slash + 1)
  if (isOurs(name)) throw new Failure('usage', `${name}: this form of name belongs to the store itself`)
  return { directory: bytes.slice(0, slash) || '/', name, bytes }
}

/** Throws 'usage' for a name that leaves no room for what is added to it. */
export function refuseLongName({ name }: Pick<ObjectFiles, 'name'>): void {
  if (Buffer.byteLength(name) <= maxNameBytes - addedBytes) return
  throw new Failure('usage', `${name}: longer than ${maxNameBytes - addedBytes} bytes, too long for a file name`)
}

export function recordFile(files: ObjectFiles, inode: bigint): string {
  return join(files.directory, `.${files.name}.${inode}.zpipes`)
}

export function uploadFile(files: ObjectFiles, id: string): string {
  return join(files.directory, `.${files.name}.${id}.upload`)
}

/** True for records and unfinished uploads: files beside an object that are none. */
export function isOurs(name: string): boolean {
  return recordedName(name) !== undefined || parseUploadName(name) !== undefined
}

export function isRecordOf(name: string, fileName: string): boolean {
  return fileName.startsWith(`.${name}.`) && /^\d+\.zpipes$/.test(fileName.slice(name.length + 2))
}

/** The name of the object whose record this is; undefined if it is none. */
export function recordedName(fileName: string): string | undefined {
  return /^\.(.+)\.\d+\.zpipes$/s.exec(fileName)?.[1]
}

/** The parts of an unfinished upload's file name. */
export function parseUploadName(fileName: string): { name: string; id: string; owner: string } | undefined {
  const [, name, owner, random] = /^\.(.+)\.([\w-]+)\.([0-9a-f]{8})\.upload$/s.exec(fileName) ?? []
  if (name === undefined || owner === undefined) return undefined
  return { name, owner, id: `${owner}.${random}` }
}
