import type { FailureKind } from '../errors.ts'
import { type Host, hostName } from './host.ts'
import type { Found } from './run-folder.ts'

/** A name that could not be copied, or a group of them, for a message. */
export interface Problem {
  readonly names: readonly string[]
  readonly count: number
  readonly reason: string
  /** What helps, where it is not to run the same command again. */
  readonly hint?: string | undefined
  /** What a program that ends because of it should end with. */
  readonly kind?: FailureKind | undefined
}

interface PartCounts {
  readonly files: number
  readonly copied: number
  readonly copiedBytes: number
  readonly present: number
  readonly failed: number
}

/** What became of all that was found. Counts are names, folders aside, unless said otherwise. */
export class Tally {
  found: Found = { files: 0, folders: 0, bytes: 0, symlinks: 0, specials: 0, emptyFolders: 0 }
  copied = 0
  copiedBytes = 0
  unchanged = 0
  vanished = 0
  failed = 0
  deleted = 0
  /** Folders that the destination cannot hold, because nothing is in them. */
  foldersNotKept = 0
  partsFinished = 0
  /** The walk has ended: more will not be found. */
  isFound = false
  #partBytes = 0
  #underWayBytes = 0
  #underWayFiles = 0
  #hosts: readonly Host[] = []
  readonly problems: Problem[] = []

  /** True only if every name that was found is copied, was there already, or has vanished. */
  get isComplete(): boolean {
    return this.problems.length === 0 && this.failed === 0 && this.accountedFor === this.found.files
  }

  /** For whoever shows how far it is. */
  get doneBytes(): number {
    // What a name at the top stands for is in no part's bytes.
    const bytes = Math.max(this.#partBytes, this.copiedBytes) + this.#underWayBytes
    return this.isFound ? Math.min(bytes, this.found.bytes) : bytes
  }

  get totalBytes(): number | undefined {
    return this.isFound && this.found.bytes > 0 ? this.found.bytes : undefined
  }

  /** `1200 of 5000 files, 3 parts on one, 2 on two`; `5000+` while more are found. */
  notes(): readonly string[] {
    const done = Math.min(this.found.files, this.accountedFor + this.#underWayFiles)
    const files = `${done} of ${this.found.files}${this.isFound ? '' : '+'} files`
    return [files, ...partsByHost(this.#hosts)]
  }

  get accountedFor(): number {
    return this.copied + this.unchanged + this.vanished + this.failed
  }

  /** `present` names of a part were there; what was copied of them may have been copied in several attempts. */
  addPart(part: PartCounts & { readonly bytes: number }): void {
    this.partsFinished += 1
    this.#partBytes += part.bytes
    this.#underWayBytes = Math.max(0, this.#underWayBytes - part.copiedBytes)
    this.#underWayFiles = Math.max(0, this.#underWayFiles - part.copied)
    this.addRest(part)
  }

  /** The same, for names that are in no part. */
  addRest(part: PartCounts): void {
    const copied = Math.min(part.copied, part.present - part.failed)
    this.copied += copied
    this.copiedBytes += part.copiedBytes
    this.failed += part.failed
    this.unchanged += part.present - part.failed - copied
    this.vanished += part.files - part.present
  }

  /** Of a part that has not ended yet. */
  addUnderWay(files: number, bytes: number): void {
    this.#underWayFiles += files
    this.#underWayBytes += bytes
  }

  /** The hosts that have work, one for each part. */
  setUnderWay(hosts: readonly Host[]): void {
    this.#hosts = hosts
  }

  addProblem(problem: Problem): void {
    this.problems.push(problem)
  }
}

function partsByHost(hosts: readonly Host[]): readonly string[] {
  if (hosts.every(({ name }) => name === undefined))
    return [`${hosts.length} ${hosts.length === 1 ? 'part' : 'parts'} under way`]
  const counts = new Map<string, number>()
  for (const host of hosts) counts.set(hostName(host), (counts.get(hostName(host)) ?? 0) + 1)
  return [...counts].map(([name, count]) => `${count} on ${name}`)
}
