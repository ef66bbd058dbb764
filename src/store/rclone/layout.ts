import { randomInt } from 'node:crypto'
import { Failure } from '../../errors.ts'
import { isOurs, refuseLongName } from '../directory/layout.ts'

/*
 * The files of the directory store (directory/layout.ts), for an object with the key `tank/home@mon`:
 *
 *   tank/home@mon                                     its bytes, nothing else
 *   tank/.home@mon.<number>.zpipes                    its record
 *   tank/.home@mon.<owner>.<random>.upload            its bytes before it is published
 *
 * The number is random here, where there is an inode there: both stores read what the other wrote. The record is written
 * first, then the bytes get their name, then the records of what they replaced go. Whoever reads in between finds several
 * records: the size, then the remote's hash tells which is meant.
 */

const recordIds = 2 ** 47

export interface KeyFiles {
  /** Empty, or ending in a slash. */
  readonly folder: string
  readonly name: string
}

/** The folder and name of a key. A name that leaves no room for what is added to it is a Failure 'usage'. */
export function filesOf(key: string): KeyFiles {
  const slash = key.lastIndexOf('/') + 1
  const name = key.slice(slash)
  refuseLongName({ name })
  if (isOurs(name)) throw new Failure('usage', `${name}: this form of name belongs to the store itself`)
  return { folder: key.slice(0, slash), name }
}

export function newRecordKey({ folder, name }: KeyFiles): string {
  return `${folder}.${name}.${randomInt(1, recordIds)}.zpipes`
}

export function uploadKey({ folder, name }: KeyFiles, id: string): string {
  return `${folder}.${name}.${id}.upload`
}
