import { readFileSync } from 'node:fs'
import type { Digest } from './digest.ts'

// As much of WebAssembly as is used here: its types come with those of browsers alone.
declare const WebAssembly: {
  validate(binary: Uint8Array): boolean
  Module: new (binary: Uint8Array) => object
  Instance: new (module: object) => { readonly exports: unknown }
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
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

const pageBytes = 65_536
const blockBytes = 2 * pageBytes
const wordBytes = 16

// A WebAssembly memory reserves gigabytes of address space: engines are used again.
const idle: Engine[] = []
let module: object | null | undefined

/** Whether it runs here, for `--version --verbose`. */
export function hasFastCrc64Nvme(): boolean {
  if (module === undefined) module = compile()
  return module !== null
}

/** The CRC of NVM Express, at 7 GB/s; undefined where WebAssembly has no SIMD. */
export function createCrc64Nvme(): Digest | undefined {
  if (!hasFastCrc64Nvme() || !module) return undefined
  const engine = idle.pop() ?? createEngine(module)
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

function compile(): object | null {
  // The same depth from src/ and from dist/.
  const binary = readFileSync(new URL('../../dist/wasm/crc64nvme.wasm', import.meta.url))
  return WebAssembly.validate(binary) ? new WebAssembly.Module(binary) : null
}

function createEngine(compiled: object): Engine {
  const exports = new WebAssembly.Instance(compiled).exports as Exports
  const start = exports.blockStart()
  exports.memory.grow(Math.ceil((start + blockBytes) / pageBytes))
  return { exports, block: new Uint8Array(exports.memory.buffer, start, blockBytes) }
}
