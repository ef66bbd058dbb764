import type { BytePath, EntryKind } from './entry.ts'
import type { Host } from './host.ts'
import type { Part } from './part-queue.ts'
import type { RemovalLimit } from './removal-limit.ts'

/** How far the names of a part are, after one attempt at it. */
export interface Attempt {
  /**
   * done: all that is there is copied. partial: some could not be. broken: the program ended before it had tried all.
   * host lost: the machine that was to run it cannot be reached.
   */
  readonly end: 'done' | 'partial' | 'broken' | 'host lost'
  readonly copied: number
  readonly copiedBytes: number
  /** Names that were there when it looked last; the others have vanished. Undefined if it did not get so far. */
  readonly present: number | undefined
  /** Names that still differ, as far as it is known; some of them in `names`, for messages. */
  readonly failed: number
  readonly names: readonly string[]
  /** What the program said last, and why it ended; '' if all is well. */
  readonly reason: string
  /** What helps, where no other attempt would. */
  readonly hint?: string | undefined
}

/** Where a part's names are, for a program to read from. */
export interface PartJob {
  readonly part: Part
  /** The file that holds its names. */
  readonly spoolPath: string
  /** Names that share an inode, or have holes, are in it. */
  readonly isTogether: boolean
  readonly host: Host
  /** No more than that goes, if it is given. */
  readonly bytesPerSecond?: number | undefined
  readonly signal: AbortSignal
  /** What the program says goes here too. */
  log(text: string | Uint8Array): void
  /** Told of what has gone since it was told before: whole files, and bytes. */
  onProgress(files: number, bytes: number): void
}

/** What parts do not hold. */
export interface Remainder {
  /** The file that holds the folders' names. */
  readonly foldersPath: string
  /** How many programs may run at the same time. */
  readonly workers: number
  /** Symbolic links, where a part cannot have them. */
  readonly symlinks: number
  /** All names but folders and special files. */
  readonly files: number
}

export interface TopNames {
  readonly source: readonly BytePath[]
  readonly destination: readonly BytePath[]
}

/** A copying program that is driven: rsync or rclone. */
export interface Copier {
  /** What parts may hold. */
  readonly kinds: ReadonlySet<EntryKind>
  /** A list may hold a folder with a slash behind, for all that lies in it, but not below its folders. */
  readonly takesFolders: boolean
  /** Its files go over a network: it waits more than it works. */
  readonly isFar: boolean
  /** The work, in bytes, that is worth the start of a program before its pace is known; undefined for the usual. */
  readonly leastAtFirst?: number
  /** What stands behind each name in its list files. */
  readonly listEnd: '\0' | '\n'
  /** Makes the destination, so that a hopeless copy ends at once. Throws what stands against it. */
  prepare(host: Host, signal: AbortSignal): Promise<void>
  copy(job: PartJob): Promise<Attempt>
  /** Tells what differs, without copying. */
  compare(job: PartJob, by: 'size' | 'checksum'): Promise<Attempt>
  /** What comes after all parts: the folders' modes and times, the empty folders, and what parts do not hold. */
  finish(rest: Remainder, host: Host, signal: AbortSignal): Promise<Attempt>
  /** False if the destination can hold no folder without a file in it, or does not say whether it can. */
  keepsEmptyFolders(host: Host, signal: AbortSignal): Promise<boolean>
  /** What lies at the top of both folders; nothing in one that is not there. */
  topNames(host: Host, signal: AbortSignal): Promise<TopNames>
  /** Removes what the source does not have; gives the number of names. Within no limit, it only tells the number. */
  removeExtra(host: Host, limit: RemovalLimit | undefined, signal: AbortSignal): Promise<number>
  /** A command line for a shell that copies the names in a list file, which is given by its path. */
  commandFor(listPath: string, isTogether: boolean): string
}
