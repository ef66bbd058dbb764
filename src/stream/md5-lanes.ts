import { canRunWebAssembly, compileWebAssembly, type GrowingMemory, instantiate, pageBytes } from './web-assembly.ts'

interface Exports {
  readonly memory: GrowingMemory
  stateStart(): number
  dataStart(): number
  add(blocks: number): void
}

export const laneCount = 8
const laneBytes = 16 * 1024
const blockBytes = 64

/** An MD5 under way: what is taken of it in whole blocks, and the bytes behind them. */
export class Md5Sum {
  readonly state: Uint32Array = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
  readonly tail: Uint8Array = new Uint8Array(blockBytes)
  tailBytes = 0
  totalBytes = 0
}

interface Job {
  readonly sum: Md5Sum
  readonly bytes: Uint8Array
  at: number
  onDone(): void
}

/** Sums many MD5 at once: eight take little longer than one. */
export class Md5Lanes {
  readonly #exports: Exports
  readonly #view: DataView
  readonly #data: Uint8Array
  /** In the order in which they came. */
  #jobs: Job[] = []

  private constructor() {
    const exports = instantiate<Exports>(compileWebAssembly('md5-lanes'))
    const start = exports.dataStart()
    exports.memory.grow(Math.ceil((start + laneCount * laneBytes) / pageBytes))
    this.#exports = exports
    this.#view = new DataView(exports.memory.buffer)
    this.#data = new Uint8Array(exports.memory.buffer, start)
    // RFC 1321, 3.4.
    for (let step = 0; step < 64; step++)
      this.#view.setUint32(4 * step, Math.floor(2 ** 32 * Math.abs(Math.sin(step + 1))), true)
  }

  /** Undefined where WebAssembly has no SIMD. */
  static create(): Md5Lanes | undefined {
    return canRunWebAssembly('md5-lanes') ? new Md5Lanes() : undefined
  }

  /** How many have bytes to be summed. */
  get waiting(): number {
    return this.#jobs.length
  }

  /** Bytes that the sum is to go on with; they are not touched after `onDone`. */
  add(sum: Md5Sum, bytes: Uint8Array, onDone: () => void): void {
    sum.totalBytes += bytes.length
    this.#jobs.push({ sum, bytes, at: 0, onDone })
  }

  /** Takes the next bytes of those that wait, as many as fit in. */
  step(): void {
    const jobs = this.#nextJobs()
    const blocks = Math.min(laneBytes / blockBytes, ...jobs.map(blocksLeft))
    if (blocks > 0) this.#take(jobs, blocks)
    for (const job of jobs) if (blocksLeft(job) === 0) this.#end(job)
  }

  /** Lower-case hexadecimal. Ends the sum. */
  hex(sum: Md5Sum): string {
    const end = new Uint8Array((sum.tailBytes < 56 ? 1 : 2) * blockBytes - sum.tailBytes)
    end[0] = 0x80
    new DataView(end.buffer).setBigUint64(end.length - 8, BigInt(sum.totalBytes) * 8n, true)
    this.#take([{ sum, bytes: end, at: 0, onDone() {} }], (sum.tailBytes + end.length) / blockBytes)
    const digest = Buffer.alloc(16)
    for (const [index, word] of sum.state.entries()) digest.writeUInt32LE(word, 4 * index)
    return digest.toString('hex')
  }

  /** Of each sum one: its bytes come one after the other. */
  #nextJobs(): readonly Job[] {
    const jobs: Job[] = []
    for (const job of this.#jobs) {
      if (jobs.length === laneCount) break
      if (jobs.every(({ sum }) => sum !== job.sum)) jobs.push(job)
    }
    return jobs
  }

  #take(jobs: readonly Job[], blocks: number): void {
    for (const [lane, job] of jobs.entries()) this.#fill(lane, job, blocks * blockBytes)
    this.#exports.add(blocks)
    for (const [lane, { sum }] of jobs.entries())
      for (let word = 0; word < 4; word++) sum.state[word] = this.#view.getUint32(this.#stateAt(lane, word), true)
  }

  #fill(lane: number, job: Job, bytes: number): void {
    const { sum } = job
    const start = lane * laneBytes
    const fresh = bytes - sum.tailBytes
    this.#data.set(sum.tail.subarray(0, sum.tailBytes), start)
    this.#data.set(job.bytes.subarray(job.at, job.at + fresh), start + sum.tailBytes)
    job.at += fresh
    sum.tailBytes = 0
    for (let word = 0; word < 4; word++)
      this.#view.setUint32(this.#stateAt(lane, word), sum.state[word] as number, true)
  }

  /** What is left of it is no whole block. */
  #end(job: Job): void {
    const { sum, bytes, at } = job
    sum.tail.set(bytes.subarray(at), sum.tailBytes)
    sum.tailBytes += bytes.length - at
    this.#jobs = this.#jobs.filter((each) => each !== job)
    job.onDone()
  }

  #stateAt(lane: number, word: number): number {
    return this.#exports.stateStart() + 64 * Math.floor(lane / 4) + 16 * word + 4 * (lane % 4)
  }
}

function blocksLeft({ sum, bytes, at }: Job): number {
  return Math.floor((sum.tailBytes + bytes.length - at) / blockBytes)
}
