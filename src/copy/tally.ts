import type { FailureKind } from '../errors.ts'
import type { Found } from './run-folder.ts'

/** A name that could not be copied, or a group of them, for a message. */
export interface Problem {
  readonly names: readonly string[]
  readonly count: number
  readonly reason: string
  /** What a program that ends because of it should end with. */
  readonly kind?: FailureKind | undefined
}

/** What became of all that was found. Counts are names, folders aside, unless said otherwise. */
export class Tally {
  found: Found = { files: 0, folders: 0, bytes: 0, symlinks: 0, specials: 0 }
  copied = 0
  copiedBytes = 0
  unchanged = 0
  vanished = 0
  failed = 0
  deleted = 0
  partsFinished = 0
  readonly problems: Problem[] = []

  /** True only if every name that was found is copied, was there already, or has vanished. */
  get isComplete(): boolean {
    return this.problems.length === 0 && this.failed === 0 && this.accountedFor === this.found.files
  }

  /** For whoever shows how far it is. */
  get doneBytes(): number {
    return this.copiedBytes
  }

  get accountedFor(): number {
    return this.copied + this.unchanged + this.vanished + this.failed
  }

  /** `present` names of a part were there; what was copied of them may have been copied in several attempts. */
  addPart(part: { files: number; copied: number; copiedBytes: number; present: number; failed: number }): void {
    this.partsFinished += 1
    const copied = Math.min(part.copied, part.present - part.failed)
    this.copied += copied
    this.copiedBytes += part.copiedBytes
    this.failed += part.failed
    this.unchanged += part.present - part.failed - copied
    this.vanished += part.files - part.present
  }

  addProblem(problem: Problem): void {
    this.problems.push(problem)
  }
}
