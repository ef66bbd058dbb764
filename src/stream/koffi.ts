import { createRequire } from 'node:module'

type Koffi = typeof import('koffi')

/** For system calls that Node lacks. Throws where koffi has no binary for this system. Not an import: only who calls pays. */
export function loadKoffi(): Koffi {
  return createRequire(import.meta.url)('koffi') as Koffi
}
