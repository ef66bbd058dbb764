import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../errors.ts'
import { onFile } from '../stream/about-file.ts'
import type { Part } from './part-queue.ts'
import type { Crumb } from './spool.ts'

export const spoolNames = ['files', 'together'] as const
export type SpoolName = (typeof spoolNames)[number]

/** What one walk found. */
export interface Found {
  readonly files: number
  readonly folders: number
  readonly bytes: number
  /** Of the files: those that are no regular files, and that parts could not hold. */
  readonly symlinks: number
  readonly specials: number
  /** Of the folders: those that nothing was found in. */
  readonly emptyFolders: number
}

/** What is known of a walk that came to its end. */
export interface WalkIndex {
  readonly found: Found
  readonly crumbs: Readonly<Record<SpoolName, readonly Crumb[]>>
}

/** A part that is finished: its place, and what came of it. */
export interface FinishedPart {
  readonly spool: SpoolName
  readonly firstCrumb: number
  readonly crumbCount: number
  readonly copied: number
  readonly copiedBytes: number
  readonly present: number
  readonly files: number
}

export interface Owner {
  readonly id: string
  isGone(id: string, lastWrite: Date): boolean
}

/**
 * The working files of a copy, in a folder of its own below the working directory, so that a run that was killed can go
 * on:
 *
 *   dsync-1f2e3d4c5b6a/     by the source, the destination, and what decides which names are copied
 *     owner                 who works here
 *     files, together       names, each with a NUL behind it; those that must be copied in one part are in `together`
 *     folders               the same, of folders
 *     index.json            where parts may begin, when the walk has ended
 *     finished              a line of JSON for each finished part
 */
export class RunFolder {
  readonly path: string
  /** Which folders stand behind both places now: what an earlier run did with others says nothing of them. */
  roots = { source: '', destination: '' }

  /** The working directory is there. */
  constructor(workingDirectory: string, identity: readonly string[]) {
    const name = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 12)
    this.path = join(workingDirectory, `dsync-${name}`)
  }

  #make(): void {
    try {
      mkdirSync(this.path, { mode: 0o700 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }

  /** Takes the folder for this program. One that another works in is a Failure 'retry'. */
  claim(owner: Owner): void {
    this.#make()
    const file = join(this.path, 'owner')
    for (;;) {
      try {
        onFile(file, () => writeFileSync(file, owner.id, { flag: 'wx' }))
        return
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const other = existsSync(file) ? readFileSync(file, 'utf8') : ''
      // It is written once: a process that is younger has got the number since, as after a restart of the machine.
      if (other !== '' && other !== owner.id && !owner.isGone(other, mtimeOf(file))) {
        throw new Failure('retry', `another dsync copies this tree already (${file})`)
      }
      rmSync(file, { force: true })
    }
  }

  /**
   * What an earlier run left: undefined if its walk did not come to its end, or was of another source, mounted at the same
   * place. After a crash of the machine neither the lists nor what was finished may be on the disk: nothing is left then.
   */
  earlier(): { readonly index: WalkIndex; readonly finished: readonly FinishedPart[] } | undefined {
    const [index, finished] = [join(this.path, 'index.json'), join(this.path, 'finished')]
    if (!existsSync(index)) return undefined
    const { boot, source, ...walked } = parsedIndex(readFileSync(index, 'utf8'))
    if (boot !== bootId() || source !== this.roots.source || !this.#holds(walked)) return undefined
    if (!existsSync(finished)) return { index: walked, finished: [] }
    // The last line may have been cut by a kill.
    const lines = readFileSync(finished, 'utf8').split('\n').slice(0, -1)
    return { index: walked, finished: lines.flatMap((line) => finishedPart(line, this.roots.destination)) }
  }

  #holds({ crumbs }: Partial<WalkIndex>): boolean {
    return spoolNames.every((name) => {
      if (crumbs?.[name] === undefined) return false
      const last = crumbs[name].at(-1)
      const end = last === undefined ? 0 : last.offset + last.length
      return existsSync(this.file(name)) && statSync(this.file(name)).size === end
    })
  }

  /** Forgets an earlier run. */
  clear(): void {
    for (const name of ['index.json', 'finished', 'files', 'together', 'folders'])
      rmSync(this.file(name), { force: true })
  }

  endWalk(index: WalkIndex): void {
    const file = this.file('index.json.new')
    onFile(file, () => writeFileSync(file, JSON.stringify({ ...index, boot: bootId(), source: this.roots.source })))
    renameSync(file, this.file('index.json'))
  }

  finish(part: Part, spool: SpoolName, outcome: Pick<FinishedPart, 'copied' | 'copiedBytes' | 'present'>): void {
    const { firstCrumb, crumbCount, files } = part
    const { copied, copiedBytes, present } = outcome
    const { destination } = this.roots
    const line = { spool, firstCrumb, crumbCount, files, copied, copiedBytes, present, destination }
    const file = this.file('finished')
    onFile(file, () => appendFileSync(file, `${JSON.stringify(line)}\n`))
  }

  file(name: string): string {
    return join(this.path, name)
  }

  /** Leaves nothing behind: the work is done. */
  remove(owner: Owner): void {
    this.claim(owner)
    rmSync(this.path, { recursive: true, force: true })
  }

  /** Leaves it for a later run. */
  release(): void {
    rmSync(this.file('owner'), { force: true })
  }
}

function mtimeOf(file: string): Date {
  return statSync(file, { throwIfNoEntry: false })?.mtime ?? new Date()
}

/** Nothing where a crash of the machine, or another program, has left something else. */
function parsedIndex(text: string) {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}

/** None where a kill has cut a line, and the next run's first line stands behind it; or where it went elsewhere. */
function finishedPart(line: string, here: string): readonly FinishedPart[] {
  try {
    const { destination, ...part } = JSON.parse(line)
    return destination === here ? [part] : []
  } catch {
    return []
  }
}

/** Another one after each start of the machine; '' where there is none. */
function bootId(): string {
  const file = '/proc/sys/kernel/random/boot_id'
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
}
