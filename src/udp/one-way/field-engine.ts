import {
  canRunWebAssembly,
  compileWebAssembly,
  type GrowingMemory,
  instantiate,
  pageBytes,
} from '../../stream/web-assembly.ts'

/** Sums of products over GF(256) in a memory of its own. Addresses are those of `memory`. */
export interface FieldEngine {
  readonly memory: Uint8Array
  /** From here to its end the memory is free for its users, and zero. */
  readonly freeAt: number
  /** Which of the two builds runs here. */
  readonly build: 'simd' | 'portable'
  /** Adds `factor` times the bytes at `source` to those at `target`. `length` is a multiple of 16. */
  addProduct(target: number, source: number, length: number, factor: number): void
}

interface Exports {
  readonly memory: GrowingMemory
  freeAt(): number
  prepare(): void
  addProduct(target: number, source: number, length: number, factor: number): void
}

/** The faster of the builds that run here. */
export function bestBuild(): FieldEngine['build'] {
  return canRunWebAssembly('reed-solomon') ? 'simd' : 'portable'
}

/** One with so many bytes for its user. */
export function createFieldEngine(freeBytes: number, build = bestBuild()): FieldEngine {
  const exports = instantiate<Exports>(compileWebAssembly(build === 'simd' ? 'reed-solomon' : 'reed-solomon-portable'))
  const freeAt = exports.freeAt()
  const missingBytes = freeAt + freeBytes - exports.memory.buffer.byteLength
  exports.memory.grow(Math.max(0, Math.ceil(missingBytes / pageBytes)))
  exports.prepare()
  return { memory: new Uint8Array(exports.memory.buffer), freeAt, build, addProduct: exports.addProduct }
}
