import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** A file in the store's directory: the folder's key prefix (`tank/` or empty) and the file's own name. */
export interface Found {
  readonly prefix: string
  readonly name: string
}

/** All files whose path below `root` begins with `prefix`, by name within each folder. A missing folder is empty. */
export async function* walk(root: string, prefix: string): AsyncGenerator<Found> {
  const slash = prefix.lastIndexOf('/') + 1
  yield* walkFolder(root, prefix.slice(0, slash), prefix)
}

async function* walkFolder(root: string, folder: string, prefix: string): AsyncGenerator<Found> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
  for (const entry of entries) {
    const path = folder + entry.name
    // On the root of a disk; for root alone to look into.
    if (path === 'lost+found') continue
    if (entry.isDirectory() && (`${path}/`.startsWith(prefix) || prefix.startsWith(`${path}/`))) {
      yield* walkFolder(root, `${path}/`, prefix)
    } else if (entry.isFile()) yield { prefix: folder, name: entry.name }
  }
}
