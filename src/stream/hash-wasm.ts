import { createRequire } from 'node:module'

type HashWasm = typeof import('hash-wasm')

/** Not an import: that would look through its CommonJS text for the names that it exports, which takes 30 ms at each start. */
export function loadHashWasm(): HashWasm {
  return createRequire(import.meta.url)('hash-wasm') as HashWasm
}
