import type { BytePath, Entry } from './entry.ts'
import { slowMs } from './read-entry.ts'
import { type Cost, type FolderOptions, readFolder } from './read-folder.ts'

// Read together, once others have shown that each look waits for a disk or a network.
const foldersAtOnce = 8
// So many, until some are read one by one again: they may have become quick.
const slowFolders = 200
// One may have waited for a processor alone.
const looksToJudge = 64

type Groups = ReturnType<typeof readFolder>

/** A folder that is being read. */
interface Reading {
  readonly groups: Groups
  readonly isSlow: boolean
  /** Of the first, only when it is wanted. */
  next: ReturnType<Groups['next']> | undefined
}

/** Reads a folder and those below it: one by one where that is quick, else several at the same time. */
export class ReadAhead {
  readonly #root: BytePath
  readonly #options: FolderOptions
  readonly #waits = new Waits()
  /** Still to be read, the next one last. */
  readonly #folders: BytePath[] = ['']
  readonly #readings: Reading[] = []

  constructor(root: BytePath, options: FolderOptions) {
    this.#root = root
    this.#options = options
  }

  /** What lies in one folder, without a break; then in another. Undefined when there is no more. Throws what opening the root throws. */
  async next(): Promise<readonly Entry[] | undefined> {
    for (;;) {
      this.#begin()
      const [first] = this.#readings
      if (first === undefined) return undefined
      first.next ??= first.groups.next()
      const { done, value } = await first.next
      first.next = undefined
      if (!done) {
        for (const { path, kind } of value) if (kind === 'directory') this.#folders.push(`${path}/`)
        return value
      }
      this.#readings.shift()
      if (!first.isSlow) this.#waits.add(value)
    }
  }

  /** Lets go of what is open. */
  close(): void {
    for (const { groups } of this.#readings) void groups.return({ ms: 0, looks: 0 }).catch(() => {})
  }

  #begin(): void {
    while (this.#folders.length > 0 && this.#readings.length < (this.#waits.areLong ? foldersAtOnce : 1)) {
      const isSlow = this.#waits.areLong
      const groups = readFolder(this.#root, this.#folders.pop() ?? '', isSlow, this.#options)
      const next = groups.next()
      // Nobody waits for it if one before it fails.
      next.catch(() => {})
      this.#readings.push({ groups, isSlow, next })
      if (isSlow) this.#waits.pass()
    }
  }
}

/** Whether a look at a name or a folder takes long, by those that were had one by one. */
class Waits {
  #ms = 0
  #looks = 0
  #slowLeft = 0

  get areLong(): boolean {
    return this.#slowLeft > 0
  }

  add({ ms, looks }: Cost): void {
    this.#ms += ms
    this.#looks += looks
    if (this.#looks < looksToJudge) return
    if (this.#ms > slowMs * this.#looks) this.#slowLeft = slowFolders
    this.#ms = 0
    this.#looks = 0
  }

  /** A folder is read that is taken for slow. */
  pass(): void {
    this.#slowLeft -= 1
  }
}
