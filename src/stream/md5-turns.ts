import type { Digest } from './digest.ts'
import { laneCount, Md5Lanes, Md5Sum } from './md5-lanes.ts'

// Long beside the time between two pieces of those that keep a thread busy, short beside a request to a store.
const patienceMs = 2
// Others are listened to in between.
const sliceMs = 0.5

export type LaneDigest = Pick<Digest, 'name' | 'hex'> & { update(bytes: Uint8Array): Promise<void> }

/** Brings the pieces of many MD5 together that are under way at the same time in this thread. */
export class Md5Turns {
  #lanes: Md5Lanes | undefined
  #begun = 0
  #timer: NodeJS.Timeout | undefined
  #isAtWork = false

  /** Undefined where they cannot be summed together. */
  begin(): LaneDigest | undefined {
    this.#lanes ??= Md5Lanes.create()
    const lanes = this.#lanes
    if (lanes === undefined) return undefined
    const sum = new Md5Sum()
    this.#begun += 1
    return {
      name: 'md5',
      update: (bytes) =>
        new Promise((resolve) => {
          lanes.add(sum, bytes, resolve)
          this.#goOn(lanes)
        }),
      hex: () => {
        this.#begun -= 1
        return lanes.hex(sum)
      },
    }
  }

  /** A lane that is empty is lost: a while is waited for those that are begun. */
  #goOn(lanes: Md5Lanes): void {
    if (lanes.waiting === 0 || this.#isAtWork) return
    if (lanes.waiting >= Math.min(laneCount, this.#begun)) {
      clearTimeout(this.#timer)
      this.#isAtWork = true
      setImmediate(() => this.#work(lanes))
    } else {
      this.#timer ??= setTimeout(() => this.#work(lanes), patienceMs)
    }
  }

  #work(lanes: Md5Lanes): void {
    this.#timer = undefined
    const beganMs = performance.now()
    while (lanes.waiting > 0 && performance.now() - beganMs < sliceMs) lanes.step()
    this.#isAtWork = false
    this.#goOn(lanes)
  }
}
