import { createFieldEngine, type FieldEngine } from './field-engine.ts'
import { divide, invertMatrix } from './galois-field.ts'

/** How many shards a block has: any `data` of the `data + repair` give back the others. At most 256 together. */
export interface Code {
  readonly data: number
  readonly repair: number
}

/**
 * What repair shard `row` has of data shard `column`: (255 + column) / (255 - row + column), where + is XOR. That is a
 * Cauchy matrix whose columns are scaled so that row 0 is all ones (a plain XOR): each square part of it has an inverse.
 */
export function coefficient(row: number, column: number): number {
  return divide(255 ^ column, (255 - row) ^ column)
}

/** The repair shards of `count` blocks that grow side by side, one data shard at a time, in any order. */
export class RepairShards {
  readonly #code: Code
  readonly #shardBytes: number
  readonly #strideBytes: number
  readonly #engine: FieldEngine
  readonly #sumsAt: number

  constructor(code: Code, shardBytes: number, count: number, build?: FieldEngine['build']) {
    this.#code = code
    this.#shardBytes = shardBytes
    this.#strideBytes = roundUp(shardBytes)
    this.#engine = createFieldEngine(this.#strideBytes * (1 + count * code.repair), build)
    this.#sumsAt = this.#engine.freeAt + this.#strideBytes
  }

  /** Adds the data shard of that place to its block. A shorter one counts as if zeros followed. */
  add(block: number, column: number, shard: Uint8Array): void {
    const { memory, freeAt, addProduct } = this.#engine
    memory.set(shard, freeAt)
    memory.fill(0, freeAt + shard.length, freeAt + this.#strideBytes)
    for (let row = 0; row < this.#code.repair; row++)
      addProduct(this.#addressOf(block, row), freeAt, this.#strideBytes, coefficient(row, column))
  }

  /** What the repair shard is of all that was added; valid until something is added. */
  shard(block: number, row: number): Uint8Array {
    const at = this.#addressOf(block, row)
    return this.#engine.memory.subarray(at, at + this.#shardBytes)
  }

  /** Begins new blocks. */
  clear(): void {
    this.#engine.memory.fill(0, this.#sumsAt)
  }

  #addressOf(block: number, row: number): number {
    return this.#sumsAt + (block * this.#code.repair + row) * this.#strideBytes
  }
}

/** Gives back the data shards that a block has lost. */
export class Reconstruction {
  readonly #code: Code
  readonly #shardBytes: number
  readonly #strideBytes: number
  readonly #engine: FieldEngine

  constructor(code: Code, shardBytes: number, build?: FieldEngine['build']) {
    this.#code = code
    this.#shardBytes = shardBytes
    this.#strideBytes = roundUp(shardBytes)
    // One shard as it comes, what the repair shards tell of the lost ones, and the lost ones.
    this.#engine = createFieldEngine(this.#strideBytes * (1 + 2 * code.repair), build)
  }

  /**
   * Fills the data shards in `lost` from the others and as many repair shards. `shardAt` gives a data shard (from 0) or a
   * repair shard (after them), undefined for one that is lost. Returns false if too many are.
   */
  repair(
    lost: readonly number[],
    shardAt: (index: number) => Uint8Array | undefined,
    fill: (index: number, shard: Uint8Array) => void,
  ): boolean {
    const rows = this.#rowsAtHand(shardAt).slice(0, lost.length)
    if (rows.length < lost.length) return false
    const known = rows.map((_, at) => this.#slot(1 + at))
    const found = lost.map((_, at) => this.#slot(1 + this.#code.repair + at))
    for (const [at, row] of rows.entries()) this.#load(known[at]!, shardAt(this.#code.data + row)!)
    for (let column = 0; column < this.#code.data; column++) {
      if (lost.includes(column)) continue
      this.#load(this.#slot(0), shardAt(column)!)
      for (const [at, row] of rows.entries()) this.#add(known[at]!, this.#slot(0), coefficient(row, column))
    }
    const inverse = invertMatrix(rows.map((row) => lost.map((column) => coefficient(row, column))))
    for (const [at, column] of lost.entries()) {
      this.#engine.memory.fill(0, found[at]!, found[at]! + this.#strideBytes)
      for (const [from, factor] of inverse[at]!.entries()) this.#add(found[at]!, known[from]!, factor)
      fill(column, this.#engine.memory.subarray(found[at]!, found[at]! + this.#shardBytes))
    }
    return true
  }

  #rowsAtHand(shardAt: (index: number) => Uint8Array | undefined): number[] {
    const rows = Array.from({ length: this.#code.repair }, (_, row) => row)
    return rows.filter((row) => shardAt(this.#code.data + row) !== undefined)
  }

  #slot(index: number): number {
    return this.#engine.freeAt + index * this.#strideBytes
  }

  #load(at: number, shard: Uint8Array): void {
    this.#engine.memory.set(shard, at)
    this.#engine.memory.fill(0, at + shard.length, at + this.#strideBytes)
  }

  #add(target: number, source: number, factor: number): void {
    if (factor !== 0) this.#engine.addProduct(target, source, this.#strideBytes, factor)
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 16) * 16
}
