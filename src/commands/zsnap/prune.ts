import { defineCommand, type InferredArguments, type OptionSpecs } from '../../cli/command.ts'
import { givenStoreOf, givenStoreOptions } from '../../cli/given-store.ts'
import { goOnAfterFailures } from '../../cli/going-on.ts'
import { policyOf, retentionOptions } from '../../cli/retention-options.ts'
import { alignedLines } from '../../cli/table.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { Failure } from '../../errors.ts'
import type { RetentionDecision, RetentionItem } from '../../snapshots/retention.ts'
import type { PrunableSnapshot } from '../../zfs/list-prunable.ts'

const positionals = {
  dataset: {
    many: true,
    describe: 'file systems and volumes; - reads their names from stdin, one on a line',
    completes: 'dataset',
  },
} as const

const options = {
  recursive: { type: 'boolean', alias: 'r', default: false, describe: 'all datasets below too, each by itself' },
  ...retentionOptions,
  prefix: {
    type: 'string',
    metavar: 'WORD',
    setting: 'SNAPSHOT_PREFIX',
    z3: true,
    default: 'zsnap',
    describe: 'prune those that zsnap create has named with this prefix, and leave all others alone',
  },
  match: {
    type: 'string',
    metavar: 'GLOB',
    conflicts: 'prefix',
    describe: 'prune those whose names match instead, such as *_H',
  },
  'dry-run': {
    type: 'boolean',
    alias: 'n',
    default: false,
    describe: 'write why each snapshot stays or goes, and the commands, and run none',
  },
  ...givenStoreOptions,
  store: { ...givenStoreOptions.store, describe: 'prune the backups in this store, and no snapshot here' },
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof positionals>
type Decision = RetentionDecision<PrunableSnapshot>

export const prune = defineCommand({
  name: 'prune',
  summary: 'destroy snapshots, or backups, that no rule keeps',
  synopsis: ['[options] dataset ...'],
  positionals,
  options,
  examples: [
    ["zsnap prune -r --keep 'hourly=36,daily=31,monthly=12' tank/home", 'thin out as they grow older'],
    ["zsnap prune -n --keep-last 10 --match '*_H' tank/home", 'see what would go'],
    ["zsnap prune --store file:///backup --keep 'daily=31,monthly=12' tank/home", 'prune backups, by chains'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const { readNames } = await import('../../stream/read-names.ts')
    const { checkedDatasetName } = await import('../../zfs/dataset-name.ts')
    const { listPrunable } = await import('../../zfs/list-prunable.ts')

    const decide = await deciderOf(args)
    const datasets = (await readNames(args.dataset, terminal.signal)).map(checkedDatasetName)
    if (datasets.length === 0) throw new Failure('usage', 'stdin names no dataset')
    if (args.store !== undefined) {
      const { pruneStore } = await import('./prune-store.ts')
      const pruning = { datasets, decide, isRecursive: args.recursive, isDryRun: args['dry-run'] }
      return pruneStore(givenStoreOf(args), pruning, terminal)
    }
    const snapshots = await listPrunable(datasets, { isRecursive: args.recursive })
    const decisions = [...snapshots].map(([dataset, each]) => [dataset, decide(each)] as const)
    if (args['dry-run']) await showPlan(decisions, terminal)
    else await carryOut(decisions, terminal)
  },
})

type Decider = <Item extends RetentionItem & { readonly name: string }>(
  items: readonly Item[],
) => readonly RetentionDecision<Item>[]

/** Throws 'usage' for a policy, pattern or time zone that is none, before anything is listed. */
async function deciderOf(args: Arguments): Promise<Decider> {
  const { compileGlob } = await import('../../snapshots/glob.ts')
  const { decideRetention, needLast } = await import('../../snapshots/retention.ts')
  const { openOwnNames } = await import('../../snapshots/snapshot-names.ts')
  const [policy, whose] = [policyOf(args), { now: new Date(), timeZone: args.timezone }]
  decideRetention([], policy, whose)
  const isOwn = args.match === undefined ? openOwnNames(args.prefix) : undefined
  const isMeant = isOwn === undefined ? compileGlob(args.match ?? '') : (name: string) => isOwn(afterAt(name))
  const left = isOwn === undefined ? `does not match ${args.match}` : `not of the prefix ${args.prefix}`
  return (snapshots) => {
    const meant = needLast(snapshots.filter(({ name }) => isMeant(name)))
    const decisions = new Map(decideRetention(meant, policy, whose).map((each) => [each.item.name, each]))
    return snapshots.map((item) => ({ isKept: true, reasons: [left], ...decisions.get(item.name), item }))
  }
}

type Plan = readonly (readonly [dataset: string, decisions: readonly Decision[]])[]

/** Reasons as comments, and the commands: a script for sh. */
async function showPlan(plan: Plan, terminal: Terminal): Promise<void> {
  const { shellLine } = await import('../../stream/shell-words.ts')
  const { destroyCalls } = await import('../../zfs/destroy-snapshots.ts')
  for (const [, decisions] of plan) for (const decision of decisions) terminal.event(eventOf(decision, false))
  if (terminal.json) return
  for (const line of reasonLines(plan)) terminal.print(`# ${line}`)
  for (const [dataset, decisions] of plan) {
    for (const words of destroyCalls(dataset, namesToGo(decisions))) terminal.print(shellLine(['zfs', ...words]))
  }
}

async function carryOut(plan: Plan, terminal: Terminal): Promise<void> {
  const { destroySnapshots } = await import('../../zfs/destroy-snapshots.ts')
  if (terminal.verbose) for (const line of reasonLines(plan)) terminal.say(line)
  const goingOn = goOnAfterFailures(terminal)
  const { signal } = terminal
  for (const [dataset, decisions] of plan) {
    const gone = new Set(await destroySnapshots(dataset, namesToGo(decisions), { signal, tell: goingOn.note }))
    for (const decision of decisions) terminal.event(eventOf(decision, gone.has(afterAt(decision.item.name))))
  }
  goingOn.end()
}

/** `keep     tank@x  newest; last 1 of 10` */
function reasonLines(plan: Plan): readonly string[] {
  const rows = plan.flatMap(([, decisions]) =>
    decisions.map(({ item, isKept, reasons }) => [isKept ? 'keep' : 'destroy', item.name, reasons.join('; ')]),
  )
  return alignedLines(rows)
}

function namesToGo(decisions: readonly Decision[]): readonly string[] {
  return decisions.filter(({ isKept }) => !isKept).map(({ item }) => afterAt(item.name))
}

function eventOf({ item: { name, creation }, isKept, reasons }: Decision, isDestroyed: boolean): object {
  return { snapshot: name, creation, keep: isKept, reasons, destroyed: isDestroyed }
}

function afterAt(name: string): string {
  return name.slice(name.indexOf('@') + 1)
}
