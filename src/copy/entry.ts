/**
 * A path as the file system has it: each character is one byte (latin1), so that any name passes unchanged. Relative to
 * the tree's root, without a leading `./`; the root itself is `.`.
 */
export type BytePath = string

export type EntryKind = 'file' | 'directory' | 'symlink' | 'special'

/** One name in a tree. */
export interface Entry {
  readonly path: BytePath
  readonly kind: EntryKind
  /** 0 for all but files. */
  readonly bytes: number
  /** `device:inode` of what has more names than this one. */
  readonly sharedInode?: string | undefined
  /** Takes less room on disk than its length. */
  readonly isSparse: boolean
}

export function bytesOf(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1')
}

/** For messages: what is no UTF-8 shows as replacement characters. */
export function textOf(path: BytePath): string {
  return bytesOf(path).toString('utf8')
}

/** Of what a user or a list wrote. */
export function bytePath(text: string): BytePath {
  return Buffer.from(text, 'utf8').toString('latin1')
}
