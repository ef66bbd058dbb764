import type { Digest } from './digest.ts'
import {
  canRunWebAssembly,
  compileWebAssembly,
  type GrowingMemory,
  instantiate,
  pageBytes,
  type WebAssemblyModule,
} from './web-assembly.ts'

interface Exports {
  readonly memory: GrowingMemory
  blockStart(): number
  reset(): void
  add(length: number, isFirst: number): void
  finish(length: number, isFirst: number): bigint
}

interface Engine {
  readonly exports: Exports
  /** What is to be looked at is copied here: as much as stays in the processor's cache. */
  readonly block: Uint8Array
}

const blockBytes = 2 * pageBytes
const wordBytes = 16

// A WebAssembly memory reserves gigabytes of address space: engines are used again.
const idle: Engine[] = []
let module: WebAssemblyModule | undefined
let canRun: boolean | undefined

/** Whether it runs here, for `--version --verbose`. */
export function hasFastCrc64Nvme(): boolean {
  canRun ??= canRunWebAssembly('crc64nvme')
  return canRun
}

/** The CRC of NVM Express, at 7 GB/s; undefined where WebAssembly has no SIMD. */
export function createCrc64Nvme(): Digest | undefined {
  if (!hasFastCrc64Nvme()) return undefined
  const engine = idle.pop() ?? createEngine()
  const { exports, block } = engine
  exports.reset()
  let isFirst = true
  // Bytes at the block's start that are no whole word yet.
  let pending = 0
  return {
    name: 'crc64nvme',
    update(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const piece = bytes.subarray(at, at + blockBytes - pending)
        block.set(piece, pending)
        at += piece.length
        const length = pending + piece.length
        pending = length % wordBytes
        if (length === pending) continue
        const rest = block.slice(length - pending, length)
        exports.add(length - pending, isFirst ? 1 : 0)
        block.set(rest)
        isFirst = false
      }
    },
    hex() {
      const value = exports.finish(pending, isFirst ? 1 : 0)
      idle.push(engine)
      return BigInt.asUintN(64, value).toString(16).padStart(16, '0')
    },
  }
}

function createEngine(): Engine {
  module ??= compileWebAssembly('crc64nvme')
  const exports = instantiate<Exports>(module)
  const start = exports.blockStart()
  exports.memory.grow(Math.ceil((start + blockBytes) / pageBytes))
  return { exports, block: new Uint8Array(exports.memory.buffer, start, blockBytes) }
}
