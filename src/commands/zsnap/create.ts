import { defineCommand, type InferredArguments, type OptionSpecs } from '../../cli/command.ts'
import { goOnAfterFailures } from '../../cli/going-on.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { Failure } from '../../errors.ts'

const positionals = {
  dataset: {
    many: true,
    describe: 'file systems and volumes; - reads their names from stdin, one on a line',
    completes: 'dataset',
  },
} as const

const options = {
  recursive: { type: 'boolean', alias: 'r', default: false, describe: 'all datasets below too' },
  prefix: {
    type: 'string',
    metavar: 'WORD',
    setting: 'SNAPSHOT_PREFIX',
    z3: true,
    default: 'zsnap',
    describe: 'begin the name so; the time follows',
  },
  label: { type: 'string', metavar: 'WORD', describe: 'end the name so' },
  format: {
    type: 'string',
    metavar: 'PATTERN',
    conflicts: 'prefix',
    describe: 'the name as strftime(3) writes it, such as %y%m%d-%H%M%S, instead of prefix and time',
  },
  timezone: {
    type: 'string',
    metavar: 'ZONE',
    implies: 'format',
    describe: 'whose clock the format tells, such as Europe/Berlin; UTC if not given',
  },
  class: {
    type: 'boolean',
    default: false,
    describe: 'end the name in _D for the first of a day, _H of an hour, _M of a minute, _S for others',
  },
  hold: { type: 'string', metavar: 'TAG', describe: 'hold the snapshots with this tag' },
  'if-changed': {
    type: 'boolean',
    default: false,
    describe: 'leave out a dataset with nothing written since its last',
  },
  before: { type: 'string', metavar: 'COMMAND', describe: 'run this first; if it fails, no snapshot is taken' },
  after: { type: 'string', metavar: 'COMMAND', describe: 'run this after, whatever happened' },
  'dry-run': { type: 'boolean', alias: 'n', default: false, describe: 'write the commands to stdout, and run none' },
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof positionals>

/** What one call takes: datasets of one pool, or their snapshots, with all below them perhaps. */
interface Trees {
  readonly roots: readonly string[]
  readonly isRecursive: boolean
}

export const create = defineCommand({
  name: 'create',
  summary: 'take snapshots of datasets, all at one instant',
  synopsis: ['[options] dataset ...'],
  positionals,
  options,
  examples: [
    ['zsnap create -r tank/home', 'of a dataset and all below it'],
    ["zsnap create --before 'psql -c CHECKPOINT' tank/db tank/wal", 'of several, after a database has written all'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const { openSnapshotNames } = await import('../../snapshots/snapshot-names.ts')
    const { betweenHooks } = await import('../../stream/between-hooks.ts')
    const { listSnapshotNames } = await import('../../zfs/list-names.ts')
    const { takeUnderNewName } = await import('../../zfs/take-under-new-name.ts')

    if (args.hold !== undefined) await refuseWrongTag(args.hold)
    const names = openSnapshotNames({ ...args, hasClass: args.class, timeZone: args.timezone })
    const pools = await poolsOf(args, terminal)
    const others = async () => (args.class ? listSnapshotNames(pools.flatMap(({ roots }) => roots)) : [])
    const nameAt = async (instant: Date) => names.nameAt(instant, (await others()).map(afterAt))
    if (args['dry-run']) return showCommands(pools, await nameAt(new Date()), args, terminal)
    if (pools.length === 0) return

    const goingOn = goOnAfterFailures(terminal)
    const taken: Trees[] = []
    const { signal, say: tell } = terminal
    const takeAll = async () => {
      for (const { roots, isRecursive } of pools) {
        const name = await goingOn.attempt(() => takeUnderNewName(roots, { nameAt, isRecursive }))
        if (name !== undefined) taken.push({ roots: roots.map((root) => `${root}@${name}`), isRecursive })
      }
    }
    await goingOn.attempt(() => betweenHooks(args, { signal, tell }, takeAll))
    for (const snapshots of taken) await goingOn.attempt(() => holdAndTell(snapshots, args, terminal))
    goingOn.end()
  },
})

/** Before anything is done: zfs-fuse takes an empty one for no hold at all, and says nothing. */
async function refuseWrongTag(tag: string): Promise<void> {
  const { checkedTag } = await import('../../zfs/holds.ts')
  checkedTag(tag, '--hold takes a word without blanks')
}

/** The datasets to take, pool by pool: ZFS takes those of one pool at one instant. */
async function poolsOf(args: Arguments, terminal: Terminal): Promise<readonly Trees[]> {
  const { readNames } = await import('../../stream/read-names.ts')
  const { checkedDatasetName, poolOf, topmostOf } = await import('../../zfs/dataset-name.ts')
  const given = (await readNames(args.dataset, terminal.signal)).map(checkedDatasetName)
  if (given.length === 0) throw new Failure('usage', 'stdin names no dataset')
  const isRecursive = args.recursive && !args['if-changed']
  const datasets = args['if-changed'] ? await changedOf(given, args, terminal) : isRecursive ? topmostOf(given) : given
  const pools = new Set(datasets.map(poolOf))
  return [...pools].map((pool) => ({ roots: datasets.filter((each) => poolOf(each) === pool), isRecursive }))
}

async function changedOf(given: readonly string[], { recursive }: Arguments, terminal: Terminal) {
  const { listChangedDatasets } = await import('../../zfs/list-names.ts')
  const changed = await listChangedDatasets(given, { isRecursive: recursive })
  if (changed.length === 0 && terminal.verbose) terminal.say('nothing was written since the last snapshots')
  return changed
}

async function holdAndTell({ roots, isRecursive }: Trees, { hold }: Arguments, terminal: Terminal): Promise<void> {
  const { listSnapshotNames } = await import('../../zfs/list-names.ts')
  const { holdSnapshots } = await import('../../zfs/take-snapshots.ts')
  const [first = ''] = roots
  const below = isRecursive ? await listSnapshotNames(roots.map(beforeAt), { isRecursive }) : roots
  const snapshots = below.filter((each) => afterAt(each) === afterAt(first))
  // What was taken is told, whether it can be held or not; and is held before a closed stdout ends the program.
  let held: { hold?: string } = {}
  try {
    if (hold !== undefined) await holdSnapshots(hold, roots, { isRecursive })
    if (hold !== undefined) held = { hold }
  } finally {
    for (const snapshot of snapshots) {
      if (terminal.json) terminal.event({ snapshot, ...held })
      else terminal.print(snapshot)
    }
  }
}

/** Lines for sh -e that do the same. */
async function showCommands(pools: readonly Trees[], name: string, args: Arguments, terminal: Terminal): Promise<void> {
  const { shellLine, shellWord } = await import('../../stream/shell-words.ts')
  const hook = (commandLine: string) => `${shellLine(['sh', '-c', commandLine])} >&2`
  const show = (...words: readonly string[]) => {
    for (const { roots, isRecursive } of pools) {
      const snapshots = roots.map((root) => `${root}@${name}`)
      terminal.print(shellLine(['zfs', ...words.toSpliced(1, 0, ...(isRecursive ? ['-r'] : [])), ...snapshots]))
    }
  }
  if (pools.length === 0) return
  if (args.after !== undefined) terminal.print(`trap ${shellWord(hook(args.after))} EXIT`)
  if (args.before !== undefined) terminal.print(hook(args.before))
  show('snapshot')
  if (args.hold !== undefined) show('hold', args.hold)
}

const beforeAt = (snapshot: string) => snapshot.slice(0, snapshot.indexOf('@'))
const afterAt = (snapshot: string) => snapshot.slice(snapshot.indexOf('@') + 1)
