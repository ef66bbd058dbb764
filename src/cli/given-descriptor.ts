import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { Failure } from '../errors.ts'

/**
 * A descriptor that our parent gave us. Node has pipes of its own among the low numbers: reading one would wait for ever,
 * and take from Node what it needs. Those it could write to itself, and are a Failure 'usage'.
 */
export function givenDescriptor(fd: number): number {
  if (fd > 2 && isOwnPipe(fd)) throw new Failure('usage', `descriptor ${fd} is not open`)
  return fd
}

function isOwnPipe(fd: number): boolean {
  try {
    const pipe = readlinkSync(`/proc/self/fd/${fd}`)
    const others = readdirSync('/proc/self/fd').filter((other) => other !== String(fd) && isWritable(other))
    return pipe.startsWith('pipe:') && others.some((other) => readlinkSync(`/proc/self/fd/${other}`) === pipe)
  } catch {
    // Not open, which its reader will say; or a system that does not tell.
    return false
  }
}

function isWritable(fd: string): boolean {
  try {
    const [, flags = '0'] = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? []
    return (Number.parseInt(flags, 8) & 3) !== 0
  } catch {
    // The one that the directory was read through.
    return false
  }
}
