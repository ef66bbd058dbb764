import { createRequire } from 'node:module'

/**
 * Ends this process by _exit(2) if koffi was loaded, which at a usual exit waits until stdout and stderr are on their
 * disk, and where that fails tells of it on stderr, for ever (koffi 3.3.4).
 */
export function exitPastKoffi(status: number): void {
  if (resetStdio()) call('void _exit(int status)', status)
}

/** What Node does at a usual exit alone: pipes that others use too must wait again, and a terminal echo. False if it cannot be done. */
export function resetStdio(): boolean {
  return call('void _ZN4node10ResetStdioEv()')
}

function call(prototype: string, ...words: readonly number[]): boolean {
  try {
    const require = createRequire(import.meta.url)
    const loaded = require.cache[require.resolve('koffi')]?.exports as typeof import('koffi') | undefined
    loaded?.load(null).func(prototype)(...words)
    return loaded !== undefined
  } catch {
    // Where there is no koffi it does not wait either.
    return false
  }
}
