import type { Obstacle } from '../../backup/obstacles.ts'
import { defineCommand, type InferredArguments, type OptionSpecs } from '../../cli/command.ts'
import { goOnAfterFailures } from '../../cli/going-on.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { Failure } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import type { Bookmark } from '../../zfs/bookmarks.ts'
import type { Snapshot } from '../../zfs/snapshot.ts'
import { bytesFreed, consent, losingOptions, lossLines, refusalOf, storeToAsk } from './losing.ts'

const positionals = {
  name: { describe: 'the snapshot, as dataset@name', completes: 'snapshot' },
} as const
const options = losingOptions satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof positionals>

export const rollback = defineCommand({
  name: 'rollback',
  summary: 'bring a dataset back to a snapshot, after saying what is lost',
  synopsis: ['[options] name'],
  positionals,
  options,
  examples: [
    ['zsnap rollback tank/home@mon', 'list what came after it, and ask'],
    ['zsnap rollback -n tank/home@mon', 'see what would be lost'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const { checkedSnapshotName } = await import('../../zfs/dataset-name.ts')
    const { runZfs } = await import('../../zfs/zfs-command.ts')
    const name = checkedSnapshotName(args.name)
    const store = await storeToAsk(args, terminal)
    const loss = await readLoss(name, store)
    refuseObstacles(loss, args, terminal)
    if (args['dry-run']) return showPlan(name, loss, terminal)
    await consent(linesOf(name, loss), `roll ${name.replace(/@.*/, '')} back to ${name}?`, args, terminal)
    refuseOther(name, loss, await readLoss(name, store))
    for (const words of wordsOf(name, loss)) await runZfs(...words)
    terminal.event(eventOf(name, loss, true))
  },
})

interface Later {
  readonly item: Snapshot | Bookmark
  readonly obstacle: Obstacle | undefined
}

/** What a rollback takes along. */
interface Loss {
  readonly target: Snapshot
  readonly snapshots: readonly Snapshot[]
  readonly later: readonly Later[]
  /** To the dataset, since the snapshot. */
  readonly writtenBytes: number | undefined
}

async function readLoss(name: string, store: Store | undefined): Promise<Loss> {
  const { obstacleTo, obstacleToBookmark, readTies } = await import('../../backup/obstacles.ts')
  const { bytesWrittenSince } = await import('../../zfs/estimate-loss.ts')
  const { listSnapshots } = await import('../../zfs/list-snapshots.ts')
  const dataset = name.slice(0, name.indexOf('@'))
  const all = await listSnapshots(dataset)
  const target = all.find((each) => each.name === name)
  if (target === undefined) throw new Failure('unavailable', `${name}: there is no such snapshot`)
  const isLater = ({ createTxg }: { readonly createTxg: number }) => createTxg > target.createTxg
  const ties = await readTies(dataset, all, store)
  const [snapshots, bookmarks] = [all.filter(isLater), ties.bookmarks.filter(isLater)]
  const later = [
    ...(await Promise.all(snapshots.map(async (item) => ({ item, obstacle: await obstacleTo(item, ties) })))),
    ...bookmarks.map((item) => ({ item, obstacle: obstacleToBookmark(item) })),
  ]
  return { target, snapshots, later, writtenBytes: await bytesWrittenSince(name) }
}

function refuseObstacles({ later }: Loss, args: Arguments, terminal: Terminal): void {
  const goingOn = goOnAfterFailures(terminal)
  for (const { obstacle } of later) {
    const refusal = refusalOf(obstacle, args)
    if (refusal !== undefined) goingOn.note(refusal)
  }
  goingOn.end()
}

/** While somebody read the question, another may have been taken, under the same name perhaps: zfs would destroy it unseen. */
function refuseOther(name: string, seen: Loss, now: Loss): void {
  if (now.target.guid !== seen.target.guid)
    throw new Failure('retry', `${name}: not rolled back, since another snapshot has this name meanwhile`)
  const known = new Set(seen.later.map(({ item }) => identityOf(item)))
  const unseen = now.later.find(
    ({ item, obstacle }) => !known.has(identityOf(item)) || isNew(obstacle, item.name, seen),
  )
  if (unseen === undefined) return
  throw new Failure('retry', `${name}: not rolled back, since ${unseen.item.name} has come or was held meanwhile`)
}

function identityOf({ name, guid }: Snapshot | Bookmark): string {
  return `${name} ${guid}`
}

function isNew(obstacle: Obstacle | undefined, name: string, { later }: Loss): boolean {
  const before = later.find(({ item }) => item.name === name)?.obstacle
  return obstacle !== undefined && obstacle.failure.message !== before?.failure.message
}

/** The calls of zfs: without -r it refuses where there is something later. */
function wordsOf(name: string, { later }: Loss): readonly (readonly string[])[] {
  const releases = later.flatMap(({ item, obstacle }) =>
    (obstacle?.tags ?? []).map((tag) => ['release', tag, item.name]),
  )
  return [...releases, ['rollback', ...(later.length > 0 ? ['-r'] : []), name]]
}

/** What would be lost as comments, and the commands: a script for sh. */
async function showPlan(name: string, loss: Loss, terminal: Terminal): Promise<void> {
  const { shellLine } = await import('../../stream/shell-words.ts')
  terminal.event(eventOf(name, loss, false))
  if (terminal.json) return
  for (const line of linesOf(name, loss)) terminal.print(`# ${line}`)
  for (const words of wordsOf(name, loss)) terminal.print(shellLine(['zfs', ...words]))
}

function linesOf(name: string, { snapshots, later, writtenBytes }: Loss): readonly string[] {
  const bookmarks = later.map(({ item }) => item.name).filter((each) => each.includes('#'))
  const written =
    writtenBytes === undefined
      ? `this zfs does not tell how many bytes were written since ${name}`
      : `written since ${name}: ${bytesFreed(writtenBytes)}`
  return [...lossLines(snapshots), ...bookmarks, written]
}

function eventOf(name: string, { later, writtenBytes }: Loss, isDone: boolean): object {
  const lost = later.map(({ item }) => item.name)
  return { snapshot: name, lost, lostBytes: writtenBytes, rolledBack: isDone }
}
