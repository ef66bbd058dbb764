import { readFileSync } from 'node:fs'

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

// As much of WebAssembly as is used here: its types come with those of browsers alone.
declare const WebAssembly: {
  validate(binary: Uint8Array): boolean
  Module: new (binary: Uint8Array) => object
  Instance: new (module: object) => { readonly exports: unknown }
}

interface Exports {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  freeAt(): number
  prepare(): void
  addProduct(target: number, source: number, length: number, factor: number): void
}

const pageBytes = 65_536

/** The faster of the builds that run here. */
export function bestBuild(): FieldEngine['build'] {
  return WebAssembly.validate(wasm('reed-solomon')) ? 'simd' : 'portable'
}

/** One with so many bytes for its user. */
export function createFieldEngine(freeBytes: number, build = bestBuild()): FieldEngine {
  const module = new WebAssembly.Module(wasm(build === 'simd' ? 'reed-solomon' : 'reed-solomon-portable'))
  const exports = new WebAssembly.Instance(module).exports as Exports
  const freeAt = exports.freeAt()
  const missingBytes = freeAt + freeBytes - exports.memory.buffer.byteLength
  exports.memory.grow(Math.max(0, Math.ceil(missingBytes / pageBytes)))
  exports.prepare()
  return { memory: new Uint8Array(exports.memory.buffer), freeAt, build, addProduct: exports.addProduct }
}

function wasm(name: string): Uint8Array {
  // The same depth from src/ and from dist/.
  return readFileSync(new URL(`../../../dist/wasm/${name}.wasm`, import.meta.url))
}
