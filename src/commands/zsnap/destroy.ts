import type { Obstacle } from '../../backup/obstacles.ts'
import { defineCommand, type InferredArguments, type OptionSpecs } from '../../cli/command.ts'
import { type GoingOn, goOnAfterFailures } from '../../cli/going-on.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { Failure } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import type { Snapshot } from '../../zfs/snapshot.ts'
import { bytesFreed, consent, losingOptions, lossLines, refusalOf, storeToAsk } from './losing.ts'
import { manySnapshots, snapshotNames } from './named-snapshots.ts'

const positionals = { name: manySnapshots } as const
const options = losingOptions satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof positionals>

export const destroy = defineCommand({
  name: 'destroy',
  summary: 'destroy snapshots, after saying what is lost',
  synopsis: ['[options] name ...'],
  positionals,
  options,
  examples: [
    ['zsnap destroy tank/home@mon tank/home@tue', 'list them, and ask'],
    ['zsnap destroy -n tank/home@mon', 'see how many bytes it would free'],
    ["zsnap list -H --match 'tmp-*' tank/home | cut -f 1 | zsnap destroy --yes -", 'many, in a script'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const names = await snapshotNames(args.name, terminal)
    const goingOn = goOnAfterFailures(terminal)
    const store = await storeToAsk(args, terminal)
    const look = (some: readonly string[]) => lossesOf(some, store, args, goingOn)
    const losses = await look(names)
    if (losses.length > 0) {
      if (args['dry-run']) await showPlan(losses, terminal)
      else await carryOut(await confirmed(losses, args, terminal, look, goingOn), terminal, goingOn)
    }
    goingOn.end()
  },
})

interface Going {
  readonly snapshot: Snapshot
  readonly obstacle: Obstacle | undefined
}

/** What goes of a dataset. */
interface Loss {
  readonly dataset: string
  readonly going: readonly Going[]
}

async function lossesOf(
  names: readonly string[],
  store: Store | undefined,
  args: Arguments,
  goingOn: GoingOn,
): Promise<readonly Loss[]> {
  const losses: Loss[] = []
  for (const [dataset, wanted] of byDataset(names)) {
    const going = await goingOn.attempt(() => lossesIn(dataset, wanted, store, args, goingOn))
    if (going !== undefined && going.length > 0) losses.push({ dataset, going })
  }
  return losses
}

/** Those that may go. One that may not, or is not there, is noted. */
async function lossesIn(
  dataset: string,
  wanted: ReadonlySet<string>,
  store: Store | undefined,
  args: Arguments,
  goingOn: GoingOn,
): Promise<readonly Going[]> {
  const { obstacleTo, readTies } = await import('../../backup/obstacles.ts')
  const { listSnapshots } = await import('../../zfs/list-snapshots.ts')
  const snapshots = await listSnapshots(dataset)
  const ties = await readTies(dataset, snapshots, store)
  const there = new Set(snapshots.map(({ name }) => name))
  for (const name of wanted) {
    if (!there.has(name)) goingOn.note(new Failure('unavailable', `${name}: there is no such snapshot`))
  }
  const going: Going[] = []
  for (const snapshot of snapshots.filter(({ name }) => wanted.has(name))) {
    const obstacle = await obstacleTo(snapshot, ties)
    const refusal = refusalOf(obstacle, args)
    if (refusal === undefined) going.push({ snapshot, obstacle })
    else goingOn.note(refusal)
  }
  return going
}

/** What would be lost as comments, and the commands: a script for sh. */
async function showPlan(losses: readonly Loss[], terminal: Terminal): Promise<void> {
  const { shellLine } = await import('../../stream/shell-words.ts')
  const { destroyCalls } = await import('../../zfs/destroy-snapshots.ts')
  const { estimateFreed } = await import('../../zfs/estimate-loss.ts')
  for (const { dataset, going } of losses) {
    const names = going.map(({ snapshot }) => afterAt(snapshot.name))
    const bytes = await estimateFreed(dataset, names)
    for (const { snapshot } of going) terminal.event(eventOf(snapshot, false))
    terminal.event({ dataset, wouldFreeBytes: bytes })
    if (terminal.json) continue
    for (const line of lossLines(going.map(({ snapshot }) => snapshot))) terminal.print(`# ${line}`)
    terminal.print(`# would be freed: ${bytesFreed(bytes)}`)
    for (const words of releases(going)) terminal.print(shellLine(['zfs', ...words]))
    for (const words of destroyCalls(dataset, names)) terminal.print(shellLine(['zfs', ...words]))
  }
}

/** The holds that are given up with their snapshots. */
function releases(going: readonly Going[]): readonly (readonly string[])[] {
  return going.flatMap(({ snapshot, obstacle }) => (obstacle?.tags ?? []).map((tag) => ['release', tag, snapshot.name]))
}

/** Asks, and looks again: while somebody read the question, another may have come under a name that he has read. */
async function confirmed(
  losses: readonly Loss[],
  args: Arguments,
  terminal: Terminal,
  look: (names: readonly string[]) => Promise<readonly Loss[]>,
  goingOn: GoingOn,
): Promise<readonly Loss[]> {
  const snapshots = losses.flatMap(({ going }) => going.map(({ snapshot }) => snapshot))
  const many = snapshots.length === 1 ? 'this snapshot' : `these ${snapshots.length} snapshots`
  await consent(lossLines(snapshots), `destroy ${many}?`, args, terminal)
  if (args.yes) return losses
  const guids = new Set(snapshots.map(({ guid }) => guid))
  const isSame = ({ snapshot: { name, guid } }: Going) => {
    if (guids.has(guid)) return true
    goingOn.note(new Failure('retry', `${name}: another snapshot has this name meanwhile`))
    return false
  }
  const now = await look(snapshots.map(({ name }) => name))
  return now.map(({ dataset, going }) => ({ dataset, going: going.filter(isSame) }))
}

async function carryOut(losses: readonly Loss[], terminal: Terminal, goingOn: GoingOn): Promise<void> {
  const { destroySnapshots } = await import('../../zfs/destroy-snapshots.ts')
  const { releaseSnapshot } = await import('../../zfs/holds.ts')
  for (const { dataset, going } of losses) {
    for (const [, tag = '', name = ''] of releases(going)) await goingOn.attempt(() => releaseSnapshot(tag, name))
    const names = going.map(({ snapshot }) => afterAt(snapshot.name))
    const gone = new Set(await destroySnapshots(dataset, names, { signal: terminal.signal, tell: goingOn.note }))
    for (const { snapshot } of going) terminal.event(eventOf(snapshot, gone.has(afterAt(snapshot.name))))
  }
}

function byDataset(names: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>()
  for (const name of names) {
    const dataset = name.slice(0, name.indexOf('@'))
    const group = groups.get(dataset)
    if (group === undefined) groups.set(dataset, new Set([name]))
    else group.add(name)
  }
  return groups
}

function eventOf({ name, guid, creation, usedBytes }: Snapshot, isDestroyed: boolean): object {
  return { snapshot: name, guid, creation, usedBytes, destroyed: isDestroyed }
}

function afterAt(name: string): string {
  return name.slice(name.indexOf('@') + 1)
}
