import { Failure } from '../errors.ts'

/** Whether a name, of a dataset or of something of one, is short enough for ZFS. */
export function fitsZfs(name: string): boolean {
  return Buffer.byteLength(name) < 256
}

/** The name as it is. Throws 'usage' for what can be no dataset's name: a snapshot's, or one that zfs takes for a flag. */
export function checkedDatasetName(name: string): string {
  if (/[@#]/.test(name)) throw new Failure('usage', `'${name}' is not a dataset, but something of one`)
  if (/^[A-Za-z][\w.: -]*(\/[\w.: -]+)*$/.test(name) && fitsZfs(name)) return name
  throw new Failure('usage', `'${name}' is no name of a dataset`)
}

/** The name as it is. Throws 'usage' for what can be no one snapshot's name, dataset@snapshot. */
export function checkedSnapshotName(name: string): string {
  const at = name.indexOf('@')
  if (at < 0) throw new Failure('usage', `'${name}' is not a snapshot`, { hint: 'name it as dataset@snapshot' })
  checkedDatasetName(name.slice(0, at))
  if (/[%,]/.test(name)) {
    throw new Failure('usage', `'${name}' is a range, or several in a word`, { hint: 'name each snapshot by itself' })
  }
  if (/^[\w.: -]+$/.test(name.slice(at + 1)) && fitsZfs(name)) return name
  throw new Failure('usage', `'${name}' is no name of a snapshot`)
}

export function poolOf(dataset: string): string {
  return dataset.split('/', 1)[0] ?? dataset
}

/** Those that are not below another of them. */
export function topmostOf(datasets: readonly string[]): readonly string[] {
  const all = new Set(datasets)
  return datasets.filter((dataset) => {
    const parts = dataset.split('/')
    return !parts.some((_, count) => count > 0 && all.has(parts.slice(0, count).join('/')))
  })
}
