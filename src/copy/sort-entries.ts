import type { Copier } from './copier.ts'
import type { BytePath, Entry } from './entry.ts'
import type { SpoolName } from './run-folder.ts'
import type { Spool } from './spool.ts'

// More names than this in one folder are listed one by one: parts would not be even.
const mostNames = 1024
const mostBytes = 64 * 1024 * 1024
// Fewer are not worth another look into the folder.
const leastNames = 8

/**
 * Writes what a walk finds to the spools that it belongs to. Where a copier takes folders, all plain names of one are
 * written as the folder alone: rsync then reads it by itself, and needs a third less time than with a list of the names.
 */
export class EntrySorter {
  readonly #spools: Readonly<Record<SpoolName | 'folders', Spool>>
  readonly #copier: Pick<Copier, 'kinds' | 'takesFolders'>
  readonly #isDeep: boolean
  readonly #shared = new Map<string, Entry[]>()
  #folder: BytePath | undefined
  #isWhole = false
  #names: Entry[] = []
  #bytes = 0

  constructor(
    spools: Readonly<Record<SpoolName | 'folders', Spool>>,
    copier: Pick<Copier, 'kinds' | 'takesFolders'>,
    isDeep: boolean,
  ) {
    this.#spools = spools
    this.#copier = copier
    this.#isDeep = isDeep
  }

  /** Where the copier takes folders, all of them lie in one, and come one group after the other. */
  add(entries: readonly Entry[]): void {
    const folder = folderOf(entries[0]?.path ?? '')
    if (folder !== this.#folder) {
      this.#endFolder()
      this.#folder = folder
      this.#isWhole = this.#copier.takesFolders
    }
    for (const entry of entries) this.#sort(entry)
    const isLarge = this.#names.length > mostNames || this.#bytes > mostBytes
    if (!this.#isWhole || isLarge) this.cut()
  }

  /** What is known of a folder need not wait for the rest of it. */
  cut(): void {
    if (this.#names.length > 0) this.#isWhole = false
    for (const entry of this.#names) this.#spools[entry.isSparse ? 'together' : 'files'].add(entry)
    this.#names = []
    this.#bytes = 0
  }

  end(): void {
    this.#endFolder()
    for (const names of this.#shared.values()) this.#spools.together.addTogether(names)
    for (const spool of Object.values(this.#spools)) spool.end()
  }

  #sort(entry: Entry): void {
    const { kind, sharedInode, bytes } = entry
    if (this.#isDeep) this.#spools.files.addAlone(entry)
    else if (kind === 'directory') this.#spools.folders.add(entry)
    else if (!this.#copier.kinds.has(kind)) this.#isWhole = false
    else if (sharedInode !== undefined) this.#addShared(sharedInode, entry)
    else {
      this.#names.push(entry)
      this.#bytes += bytes
    }
  }

  /** Names of one file wait for the end of the walk: they may lie anywhere. */
  #addShared(inode: string, entry: Entry): void {
    this.#isWhole = false
    const names = this.#shared.get(inode)
    if (names === undefined) this.#shared.set(inode, [entry])
    else names.push(entry)
  }

  #endFolder(): void {
    if (this.#folder === undefined || !this.#isWhole || this.#names.length < leastNames) {
      this.cut()
      return
    }
    const spool = this.#names.some(({ isSparse }) => isSparse) ? 'together' : 'files'
    this.#spools[spool].addFolder(this.#folder, { files: this.#names.length, bytes: this.#bytes })
    this.#names = []
    this.#bytes = 0
  }
}

/** With a slash behind; '' for the root. */
function folderOf(path: BytePath): BytePath {
  return path.slice(0, path.lastIndexOf('/') + 1)
}
