import { isatty } from 'node:tty'
import { defineCommand, type InferredArguments, type OptionSpecs } from '../cli/command.ts'
import { expectWith } from '../cli/expect-with.ts'
import { failureOf, goOnAfterFailures } from '../cli/going-on.ts'
import { ownerOfThisProgram } from '../cli/owner.ts'
import { runtimeFolder } from '../cli/runtime-folder.ts'
import { connectionOptions, contentOptions, monitoringOptions, trustOptionNames } from '../cli/sync-options.ts'
import { describeStep, SyncReport } from '../cli/sync-report.ts'
import type { Terminal } from '../cli/terminal.ts'
import { bandwidthOf, bandwidthOption } from '../cli/timetable.ts'
import { formatBytes, parseFromOne } from '../cli/units.ts'
import { Failure } from '../errors.ts'
import type { Check } from '../stream/checked-input.ts'
import type { Have } from '../sync/have-file.ts'
import type { Inventory } from '../sync/inventory.ts'
import type { Abilities } from '../sync/messages.ts'
import type { Plan } from '../sync/plan.ts'
import type { Policy } from '../sync/policy.ts'
import type { ReceiverEnd } from '../sync/receiver-end.ts'
import type { SyncRun, SyncSettings } from '../sync/sync-tree.ts'
import type { TransferCount } from '../sync/transfer-count.ts'

const positionals = {
  dataset: { describe: 'the root of the tree: it is sent with all datasets below', completes: 'dataset' },
} as const

const options = {
  connect: {
    type: 'string',
    metavar: 'HOST:PORT',
    conflicts: ['via', 'have'],
    describe: 'send to zfsync-recv --listen there',
  },
  via: {
    type: 'string',
    metavar: 'COMMAND',
    conflicts: ['have'],
    describe: "send to what this shell command starts, such as 'ssh host zfsync-recv backup/data'",
  },
  have: {
    type: 'string',
    metavar: 'FILE',
    describe: 'write to stdout what a receiver lacks that wrote this file with --inventory; - for stdin',
  },
  workers: {
    type: 'string',
    alias: 'j',
    metavar: 'N',
    default: '1',
    coerce: parseFromOne,
    describe: 'datasets at the same time, each over a connection of its own',
  },
  ...contentOptions,
  bookmark: {
    type: 'boolean',
    default: true,
    describe: 'make no bookmark of the newest snapshot that the receiver has, and no hold',
  },
  'dry-run': { type: 'boolean', alias: 'n', default: false, describe: 'send nothing, tell what would be sent' },
  ...monitoringOptions,
  bwlimit: bandwidthOption,
  ...connectionOptions,
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof positionals>

export const zfsyncSend = defineCommand({
  name: 'zfsync-send',
  summary: 'send what a replica of a dataset tree lacks',
  synopsis: ['[options] dataset'],
  positionals,
  options,
  examples: [
    ["zfsync-send tank/data --via 'ssh host zfsync-recv backup/data'", 'bring a replica up to date over ssh'],
    ['zfsync-send -j 4 --connect host:8023 --key /etc/zpipes.key tank/data', 'over TCP, four datasets at a time'],
    ['zfsync-send --have have tank/data > streams', 'write what the receiver lacks into a file'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const { checkedDatasetName } = await import('../zfs/dataset-name.ts')
    const { TransferCount } = await import('../sync/transfer-count.ts')
    checkedDatasetName(args.dataset)
    refuseWrongWay(args, terminal)
    const report = new SyncReport()
    const count = new TransferCount()
    const progress = terminal.progress(count)
    let failure: unknown
    try {
      const run = { args, count, report, terminal }
      if (args.have !== undefined) await writeContainer(run)
      else await alone(args, () => converse(run))
    } catch (error) {
      failure = error
      throw error
    } finally {
      progress.stop()
      if (!args['dry-run']) await leaveTraces(args, report, failure).catch((error) => besides(failure, error, terminal))
    }
  },
})

interface Running {
  readonly args: Arguments
  readonly count: TransferCount
  readonly report: SyncReport
  readonly terminal: Terminal
}

/** What failed before counts: of what comes after it, it is only said. */
function besides(failure: unknown, error: unknown, terminal: Terminal): void {
  if (failure === undefined) throw error
  terminal.say(failureOf(error).message)
}

/** For monitoring. */
async function leaveTraces(args: Arguments, { outcomes }: SyncReport, thrown: unknown): Promise<void> {
  const isHeard = args.have === undefined
  if (args.status !== undefined) {
    const { keepFlags } = await import('../sync/status-flags.ts')
    const failure = thrown instanceof Error ? thrown : undefined
    await keepFlags(args.status, { root: args.dataset, outcomes, failure, isHeard })
  }
  if (args.metrics === undefined) return
  const { writeWhole } = await import('../stream/metrics-text.ts')
  const { syncMetrics } = await import('../sync/sync-metrics.ts')
  const target = args.connect ?? args.via ?? args.have ?? '-'
  // Who called us tells what failed, and nothing is thrown here.
  const hasFailed = thrown !== undefined || outcomes.some(({ result }) => result === 'failed')
  const run = { tree: args.dataset, target, outcomes, hasFailed, isHeard, now: new Date() }
  await writeWhole(args.metrics, syncMetrics(run), ownerOfThisProgram())
}

/** Whether the receiver is at the other end of our own stdin and stdout: it called us, and tells what fails. */
function isCalled({ connect, via, have }: Arguments): boolean {
  return connect === undefined && via === undefined && have === undefined
}

function refuseWrongWay(args: Arguments, { json }: Terminal): void {
  expectWith('--connect', args.connect !== undefined, args, trustOptionNames)
  const isPayload = (args.have !== undefined && !args['dry-run']) || isCalled(args)
  if (isPayload && json) throw new Failure('usage', '--json has no place: the streams go to stdout')
  if (isPayload && isatty(1)) {
    const hint = 'pipe it into a program or a file; or say where to: --connect, --via'
    throw new Failure('usage', 'stdout is a terminal, and the output is binary', { hint })
  }
  if (isCalled(args) && args['dry-run']) throw new Failure('usage', '--dry-run needs --connect, --via or --have')
}

/** Of those that send this tree there. One that was called leaves it to the receiver to let one alone in. */
async function alone(args: Arguments, work: () => Promise<void>): Promise<void> {
  const target = args.connect ?? args.via
  if (target === undefined || args['dry-run']) return await work()
  const { asOnlySender } = await import('../sync/only-sender.ts')
  const place = { folder: runtimeFolder(), owner: ownerOfThisProgram() }
  await asOnlySender({ tree: args.dataset, target }, place, work)
}

async function converse(running: Running): Promise<void> {
  const { waysTo } = await import('../sync/open-ways.ts')
  const { endDialogue, openStreams, openTree } = await import('../sync/receiver-end.ts')
  const { args, terminal } = running
  const open = await waysTo(args, args.timeout ?? 0, terminal.signal)

  const opening = open()
  // Both ends list what they have at the same time, we while the other begins; what is needed after it is loaded meanwhile.
  const listed = sourceOf(args)
  listed.catch(() => {})
  const channel = await opening
  try {
    const telling = openTree(channel, args['dry-run'])
    const [source, told] = await Promise.all([listed, telling, import('../sync/sync-tree.ts')])
    const { receiver, id, policy, inventory } = told
    const plan = await planOf(args, source, inventory, policy)
    if (args['dry-run']) {
      const abilities = plan.datasets.some(({ steps }) => steps.length > 0) ? await receiver.abilities() : undefined
      await endDialogue(receiver, [])
      return await printPlan(plan, { inventory, policy, abilities }, running)
    }
    const openMore = async () => openStreams(await open())
    const receiverId = args.bookmark ? id : undefined
    await sync({ plan, receiver, receiverId, openMore, policy, target: inventory }, running)
  } finally {
    await channel.close()
  }
}

async function writeContainer(running: Running): Promise<void> {
  const { Channel } = await import('../sync/channel.ts')
  const { outputLink } = await import('../sync/links.ts')
  const { openContainer } = await import('../sync/receiver-end.ts')
  const { args, terminal } = running

  const have = await haveOf(args, terminal.signal)
  const { inventory, policy, abilities } = have
  const plan = await planOf(args, await sourceOf(args), inventory, policy)
  if (args['dry-run']) return await printPlan(plan, have, running)
  const receiver = await openContainer(new Channel(outputLink(terminal.signal)), abilities)
  const openMore = () => Promise.reject(new Failure('usage', 'one file takes one dataset at a time'))
  // Whether it arrives is not heard here: no bookmark is made, and none is destroyed.
  const prepared = { plan, receiver, receiverId: undefined, openMore, policy, target: inventory }
  await sync(prepared, { ...running, args: { ...args, workers: 1 } })
}

async function haveOf({ have }: Arguments, signal: AbortSignal): Promise<Have> {
  const { openSync } = await import('node:fs')
  const { readHave } = await import('../sync/have-file.ts')
  const { openInput } = await import('../stream/input.ts')
  const input = openInput(have === undefined || have === '-' ? 0 : openSync(have, 'r'), signal)
  try {
    return await readHave(input)
  } finally {
    await input.close()
  }
}

async function sourceOf(args: Arguments): Promise<Inventory> {
  const { listSource } = await import('../sync/list-inventory.ts')
  return await listSource(args.dataset, { withWritten: args['skip-unchanged'] })
}

async function planOf(args: Arguments, source: Inventory, target: Inventory, policy: Policy): Promise<Plan> {
  const { prepareSync } = await import('../sync/sync-tree.ts')
  return await prepareSync(source, target, settingsOf(args), policy)
}

function settingsOf(args: Arguments): SyncSettings {
  const { raw, properties: withProperties } = args
  return { allSnapshots: args['all-snapshots'], skipUnchanged: args['skip-unchanged'], raw, withProperties }
}

type Prepared = Pick<SyncRun, 'receiverId' | 'openMore' | 'policy' | 'target'> & {
  readonly plan: Plan
  readonly receiver: ReceiverEnd
}

async function sync({ plan, receiver, ...prepared }: Prepared, { args, count, report, terminal }: Running) {
  const { syncTree } = await import('../sync/sync-tree.ts')
  const goingOn = goOnAfterFailures(terminal)
  const run: SyncRun = {
    ...prepared,
    from: args.dataset,
    settings: settingsOf(args),
    workers: args.workers ?? 1,
    checks: [count, ...(await checksOf(args, terminal.signal))],
    signal: terminal.signal,
    onFewer: (ways, reason) =>
      terminal.say(`only ${ways} connections: ${reason instanceof Error ? reason.message : reason}`),
    onStep(dataset, step, bytes, elapsedMs) {
      report.countStep(step.kind)
      // In a dialogue over stdout there is no event; whoever called us tells.
      terminal.event({ dataset, step: step.kind, ...('to' in step ? { to: step.to.name } : {}), bytes, elapsedMs })
      if (terminal.verbose) terminal.say(`${describeStep(dataset, step)}: ${formatBytes(bytes)}`)
    },
    onFailure(_, failure) {
      // Who called us hears of it over the dialogue.
      if (!isCalled(args)) goingOn.note(failure)
    },
    onOutcome: (outcome) => report.outcomes.push(outcome),
  }
  await goingOn.attempt(() => syncTree(plan, receiver, run))
  if (receiver.isHeard && !isCalled(args)) report.show(args.dataset, prepared.target.root, terminal)
  goingOn.end()
}

async function checksOf({ bwlimit }: Arguments, signal: AbortSignal): Promise<readonly Check[]> {
  if (bwlimit === undefined) return []
  const { pacedBy } = await import('../stream/checked-input.ts')
  const { createRateLimit } = await import('../stream/rate-limit.ts')
  return [pacedBy(createRateLimit(bandwidthOf(bwlimit)), signal)]
}

type Receiver = Pick<Have, 'inventory' | 'policy'> & { readonly abilities: Abilities | undefined }

async function printPlan(plan: Plan, there: Receiver, { args, terminal }: Running): Promise<void> {
  const { conflictFailure } = await import('../sync/conflict-failure.ts')
  const { estimatePlan } = await import('../sync/estimate-plan.ts')
  const goingOn = goOnAfterFailures(terminal)
  const tell = (event: object, line: string) => {
    terminal.event(event)
    if (!terminal.json) terminal.print(line)
  }
  for await (const { dataset, step, bytes } of estimatePlan(plan, args.dataset, settingsOf(args), there.abilities)) {
    const size = bytes === undefined ? '' : `, about ${formatBytes(bytes)}`
    const to = 'to' in step ? { to: step.to.name } : {}
    tell({ dataset, plan: step.kind, ...to, bytes }, `${describeStep(dataset, step)}${size}`)
  }
  for (const { source, replaces } of plan.datasets) {
    const dataset = args.dataset + source.path
    if (replaces !== undefined) tell({ dataset, plan: 'swap' }, `${dataset}: then takes the place of what is there`)
  }
  const { onGone } = there.policy
  for (const path of onGone === 'keep' ? [] : plan.gone) {
    const dataset = args.dataset + path
    tell({ dataset, plan: 'gone', onGone }, `${dataset}: gone from the source: ${onGone}`)
  }
  for (const each of plan.datasets)
    if (each.conflict !== undefined) goingOn.note(conflictFailure(each, args.dataset, there.inventory.root))
  goingOn.end()
}
