import { readFileSync } from 'node:fs'

// As much of WebAssembly as is used here: its types come with those of browsers alone.
declare const WebAssembly: {
  validate(binary: Uint8Array): boolean
  Module: new (binary: Uint8Array) => WebAssemblyModule
  Instance: new (module: WebAssemblyModule, imports: object) => { readonly exports: unknown }
  Memory: new (pages: { initial: number; maximum: number }) => FixedMemory
}

/** Compiled; each that is instantiated of it has a memory of its own. */
export type WebAssemblyModule = object

/** A memory that cannot grow, which would move it. */
export interface FixedMemory {
  readonly buffer: ArrayBuffer
}

/** A memory as modules export it. */
export interface GrowingMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

/** A WebAssembly memory has whole pages. */
export const pageBytes = 65_536

/** False where WebAssembly lacks what the built `NAME.assembly.ts` needs, as SIMD. */
export function canRunWebAssembly(name: string): boolean {
  return WebAssembly.validate(binary(name))
}

/** What was built of `NAME.assembly.ts`. Throws where it cannot run. */
export function compileWebAssembly(name: string): WebAssemblyModule {
  return new WebAssembly.Module(binary(name))
}

/** Its exports, which are as its source says. `memory`: for one that has none of its own. */
export function instantiate<Exports>(module: WebAssemblyModule, memory?: FixedMemory): Exports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Exports
}

export function createFixedMemory(pages: number): FixedMemory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages })
}

function binary(name: string): Uint8Array {
  // The same depth from src/ and from dist/.
  return readFileSync(new URL(`../../dist/wasm/${name}.wasm`, import.meta.url))
}
