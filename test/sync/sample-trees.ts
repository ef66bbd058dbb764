import type { Inventory, Point, SyncDataset } from '../../src/sync/inventory.ts'

/** A guid of 16 digits from a number. */
export const guid = (number: number) => number.toString(16).padStart(16, '0')

/** Snapshots `s1`, `s2`, … of these guids, in this order. */
export function points(...numbers: readonly number[]): readonly Point[] {
  return numbers.map((number, index) => ({ name: `s${number}`, guid: guid(number), createTxg: 10 * (index + 1) }))
}

export function dataset(path: string, numbers: readonly number[], more: Partial<SyncDataset> = {}): SyncDataset {
  return { path, type: 'filesystem', isEncrypted: false, snapshots: points(...numbers), bookmarks: [], ...more }
}

export const tree = (...datasets: readonly SyncDataset[]): Inventory => ({
  root: 'tank/data',
  datasets,
  buffered: [],
})
