import { createHash } from 'node:crypto'
import { confinedName } from './confined-name.ts'

// ZFS allows 255 with the byte at the end; a snapshot's name has to find room too.
const mostBufferNameBytes = 190

/**
 * Where datasets wait for their place: beside the root, in the same pool. A root that is a pool has no beside.
 *
 *     ROOT.zfsyncbuffer/2F6163     /ac, as hexadecimal digits
 *     ROOT.zfsyncbuffer/root       the root itself
 *     ROOT.zfsyncbuffer/long-…     24 digits of a SHA-256; its property zfsync:place has the path
 */
export function bufferOf(root: string): string {
  return root.includes('/') ? `${root}.zfsyncbuffer` : `${root}/.zfsyncbuffer`
}

/** Whether it is, or is below, a buffer: of its root, or of another replica's whose root lies below it. */
export function isBuffered(name: string): boolean {
  return /\.zfsyncbuffer(?=[/@#]|$)/.test(name)
}

/** The name of a path's dataset in the buffer. Throws 'protocol' for what is no path. */
export function bufferName(root: string, path: string): string {
  confinedName(root, path)
  const name = `${bufferOf(root)}/${path === '' ? 'root' : Buffer.from(path).toString('hex').toUpperCase()}`
  if (Buffer.byteLength(name) <= mostBufferNameBytes) return name
  return `${bufferOf(root)}/long-${createHash('sha256').update(path).digest('hex').slice(0, 24)}`
}

/** Whether the buffer's name for it does not tell the path. */
export function hasLongName(name: string): boolean {
  return /\/long-[0-9a-f]{24}$/.test(name)
}

/** The path of a dataset in the buffer, or below one that is. `place` is its property zfsync:place. */
export function pathInBuffer(root: string, name: string, place: string): string | undefined {
  const [first = '', ...below] = name.slice(bufferOf(root).length + 1).split('/')
  const rest = below.map((part) => `/${part}`).join('')
  if (first === 'root') return rest
  if (/^([0-9A-F]{2})+$/.test(first)) return Buffer.from(first, 'hex').toString('utf8') + rest
  return hasLongName(`/${first}`) && place.startsWith('/') ? place + rest : undefined
}
