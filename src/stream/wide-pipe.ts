import { platform } from 'node:os'
import { loadKoffi } from './koffi.ts'
import { widenPipe } from './pipe-size.ts'

/** The descriptors of a pipe's two ends. */
export interface Pipe {
  readonly readEnd: number
  readonly writeEnd: number
}

// No program that is started inherits it, unless it is given. From fcntl.h.
const O_CLOEXEC = 0o2000000

type Pipe2 = (ends: Buffer, flags: number) => number
let pipe2: Pipe2 | null | undefined

function load(): Pipe2 | null {
  if (platform() !== 'linux') return null
  try {
    return loadKoffi().load(null).func('int pipe2(void *ends, int flags)') as unknown as Pipe2
  } catch {
    return null
  }
}

/**
 * A pipe that holds 1 MiB: what Node puts between itself and a program is a socket that holds a fifth of it, so that both
 * wait for each other more often. Undefined where it cannot be had.
 */
export function openWidePipe(): Pipe | undefined {
  if (pipe2 === undefined) pipe2 = load()
  const ends = Buffer.alloc(8)
  if (pipe2 === null || pipe2(ends, O_CLOEXEC) !== 0) return undefined
  const pipe = { readEnd: ends.readInt32LE(0), writeEnd: ends.readInt32LE(4) }
  widenPipe(pipe.writeEnd)
  return pipe
}
