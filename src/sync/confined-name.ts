import { Failure } from '../errors.ts'

// ZFS's own limit, with the byte at its end.
const mostNameBytes = 255

/**
 * The name of the dataset at a path below the root: never one outside of it, whatever the path says. Throws 'protocol'
 * for what is no path. It comes from the network.
 */
export function confinedName(root: string, path: string): string {
  const parts = path.split('/').slice(1)
  const isPath = path === '' || (path.startsWith('/') && parts.every(isComponent))
  if (!isPath) throw new Failure('protocol', `'${path}' is no path below ${root}`)
  return fittingName(root + path)
}

/** The name as it is, of a dataset or of a snapshot. Throws 'usage' for one that is too long for ZFS. */
export function fittingName(name: string): string {
  if (Buffer.byteLength(name) <= mostNameBytes) return name
  throw new Failure(
    'usage',
    `${name}: the name is too long: ${Buffer.byteLength(name)} bytes, ${mostNameBytes} are the most`,
  )
}

function isComponent(part: string): boolean {
  return /^[\w.: -]+$/.test(part) && part !== '.' && part !== '..'
}
