import { Failure } from '../errors.ts'
import { holdEach, releaseEach } from '../zfs/holds.ts'
import { baseTag, moveHold } from './increment-holds.ts'
import { type Problem, type ReceiveRequest, troubleOf } from './messages.ts'

interface Arrival {
  /** The dataset's whole name. */
  readonly target: string
  readonly request: ReceiveRequest
}

/**
 * Holds of what has come, made together: each call of zfs may wait for a disk. Until then the snapshots that they began
 * at stay held, and the sender keeps its marks of these.
 */
export class LaterHolds {
  #arrived: Arrival[] = []
  #problems: Problem[] = []

  add(arrival: Arrival): void {
    this.#arrived.push(arrival)
  }

  /** Moves the holds of all that has come since the last time. What fails is kept to be told. */
  async make(): Promise<void> {
    const arrived = this.#arrived
    this.#arrived = []
    if (arrived.length === 0) return
    try {
      await moveHolds(arrived)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      for (const arrival of arrived) await this.#makeOne(arrival)
    }
  }

  /** Gives what has failed, once. */
  takeProblems(): readonly Problem[] {
    const problems = this.#problems
    this.#problems = []
    return problems
  }

  async #makeOne({ target, request }: Arrival): Promise<void> {
    try {
      await moveHold(target, request)
    } catch (error) {
      this.#problems.push({ path: request.path, ...troubleOf(error) })
    }
  }
}

async function moveHolds(arrived: readonly Arrival[]): Promise<void> {
  const newest = new Map(arrived.map(({ target, request }) => [target, `${target}@${request.to.name}`]))
  const held = new Set(newest.values())
  const older = arrived.map(({ target, request }) => `${target}@${request.fromName}`)
  await holdEach(baseTag, [...held])
  await releaseEach(
    baseTag,
    older.filter((name) => !held.has(name)),
  )
}
