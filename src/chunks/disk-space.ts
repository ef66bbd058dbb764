import { statfs } from 'node:fs/promises'

/** The disk that chunks lie on. */
export interface DiskSpace {
  readonly usedBytes: number
  /** What a program without privilege may still write. */
  readonly freeBytes: number
}

// It is told again only when much has come free in between.
const lowShare = 0.05
const enoughShare = 0.1

/** Looks at the space of a folder's disk, and tells once each time that it gets low: while there is time to act. */
export function watchDiskSpace(folder: string, onLow: (space: DiskSpace) => void): () => Promise<DiskSpace> {
  let isLow = false
  return async () => {
    const { blocks, bfree, bavail, bsize } = await statfs(folder)
    const space = { usedBytes: (blocks - bfree) * bsize, freeBytes: bavail * bsize }
    const freeShare = space.freeBytes / (space.usedBytes + space.freeBytes)
    if (freeShare < lowShare && !isLow) onLow(space)
    isLow = freeShare < (isLow ? enoughShare : lowShare)
    return space
  }
}
