import {
  canRunWebAssembly,
  compileWebAssembly,
  type GrowingMemory,
  instantiate,
  pageBytes,
} from '../../stream/web-assembly.ts'

/** Sums in a memory of its own. Addresses are those of `memory`; what is to be summed is copied there. */
export interface Fletcher4 {
  readonly memory: Uint8Array
  /** The running sums as they lie in memory: to be taken out and put back by those who take turns. */
  readonly sums: Uint8Array
  /** From here to its end the memory is free for its users. */
  readonly freeAt: number
  /** Which of the two builds runs here. */
  readonly build: 'simd' | 'portable'
  reset(): void
  /** Adds `length` bytes, a multiple of 4. `isSwapped`: their words are big-endian. */
  add(from: number, length: number, isSwapped: boolean): void
  /** Whether the 32 bytes at `at` are the running sums. */
  equals(at: number, isSwapped: boolean): boolean
  isZero(from: number, length: number): boolean
}

interface Exports {
  readonly memory: GrowingMemory
  reset(): void
  add(from: number, length: number, isSwapped: number): void
  equals(at: number, isSwapped: number): number
  isZero(from: number, length: number): number
}

let shared: Fletcher4 | undefined

/** The thread's one: a WebAssembly memory reserves gigabytes of address space, so that readers share it. */
export function sharedFletcher4(): Fletcher4 {
  shared ??= createFletcher4(canRunWebAssembly('fletcher4') ? 'simd' : 'portable')
  return shared
}

/** How many bytes are free from `freeAt` on. */
export const freeBytes = 6 * pageBytes

export function createFletcher4(build: 'simd' | 'portable'): Fletcher4 {
  const exports = instantiate<Exports>(compileWebAssembly(build === 'simd' ? 'fletcher4' : 'fletcher4-portable'))
  const freeAt = pageBytes
  const missingPages = (freeAt + freeBytes) / pageBytes - exports.memory.buffer.byteLength / pageBytes
  exports.memory.grow(missingPages)
  return {
    memory: new Uint8Array(exports.memory.buffer),
    sums: new Uint8Array(exports.memory.buffer, 0, 32),
    freeAt,
    build,
    reset: exports.reset,
    add: (from, length, isSwapped) => exports.add(from, length, isSwapped ? 1 : 0),
    equals: (at, isSwapped) => exports.equals(at, isSwapped ? 1 : 0) !== 0,
    isZero: (from, length) => exports.isZero(from, length) !== 0,
  }
}
