import { Failure } from '../errors.ts'
import { rowsOf, runZfs } from './zfs-command.ts'

/** What `zfs receive` makes of properties, whatever a stream brings. */
export interface ReceiveProperties {
  /** Of new datasets. */
  readonly set: ReadonlyMap<string, string>
  /** Not taken from a stream: inherited on the receiver. */
  readonly refused: ReadonlySet<string>
}

/** Reads `NAME=VALUE` and `NAME`. Throws 'usage' for what is none. */
export function parseReceiveProperties(set: readonly string[], refused: readonly string[]): ReceiveProperties {
  const pairs = set.map((text) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (name === undefined || value === undefined) throw new Failure('usage', `'${text}' is not PROPERTY=VALUE`)
    return [checkedName(name), value] as const
  })
  const given = { set: new Map(pairs), refused: new Set(refused.map(checkedName)) }
  const both = [...given.set.keys()].find((name) => given.refused.has(name))
  if (both === undefined) return given
  throw new Failure('usage', `${both} is both set and left out`)
}

function checkedName(name: string): string {
  if (/^[a-z][a-z0-9_]*$/.test(name) || /^[a-z0-9_.-]*:[a-z0-9_.:-]+$/.test(name)) return name
  throw new Failure('usage', `'${name}' is no name of a property`)
}

/** What `zfs receive` is given for it. */
export function propertyFlags(set: readonly string[], refused: readonly string[]): readonly string[] {
  return [...set.flatMap((each) => ['-o', each]), ...refused.flatMap((each) => ['-x', each])]
}

/** The datasets, from this one down, that have this property from a stream, and its value. */
export async function receivedValues(dataset: string, property: string): Promise<readonly (readonly string[])[]> {
  return rowsOf(await runZfs('get', '-H', '-r', '-s', 'received', '-o', 'name,value', property, dataset))
}
