import { poolOf } from './dataset-name.ts'
import { rowsOf, runZfs } from './zfs-command.ts'

/** The clones of each snapshot. All of the datasets' pools are asked for them: not every zfs tells a snapshot's clones. */
export async function listClones(datasets: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const pools = new Set(datasets.map(poolOf))
  const rows = rowsOf(await runZfs('list', '-H', '-o', 'name,origin', '-t', 'filesystem,volume', '-r', ...pools))
  const clones = new Map<string, string[]>()
  for (const [name = '', origin = '-'] of rows) {
    if (origin === '-') continue
    const known = clones.get(origin)
    if (known === undefined) clones.set(origin, [name])
    else known.push(name)
  }
  return clones
}
