import { isatty } from 'node:tty'
import { defineCommand, type InferredArguments, type OptionSpecs } from '../cli/command.ts'
import { type GoingOn, goOnAfterFailures } from '../cli/going-on.ts'
import { ownerOfThisProgram } from '../cli/owner.ts'
import { runtimeFolder } from '../cli/runtime-folder.ts'
import { connectionOptions } from '../cli/sync-options.ts'
import { describeStep, SyncTally } from '../cli/sync-tally.ts'
import type { Terminal } from '../cli/terminal.ts'
import { bandwidthOf, bandwidthOption } from '../cli/timetable.ts'
import { formatBytes, parseFromOne } from '../cli/units.ts'
import { Failure } from '../errors.ts'
import type { Check } from '../stream/checked-input.ts'
import type { Channel } from '../sync/channel.ts'
import type { Inventory, SyncDataset } from '../sync/inventory.ts'
import type { Abilities } from '../sync/messages.ts'
import type { Plan, Step } from '../sync/plan.ts'
import type { ReceiverEnd } from '../sync/receiver-end.ts'
import type { SyncRun } from '../sync/sync-tree.ts'
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
  'all-snapshots': {
    type: 'boolean',
    default: true,
    describe: 'send only the newest snapshot of each dataset, not those before it',
  },
  raw: {
    choices: ['auto', 'never'] as const,
    default: 'auto' as const,
    describe: 'auto: send encrypted datasets as they are on the disk; never: refuse them',
  },
  bookmark: {
    type: 'boolean',
    default: true,
    describe: 'make no bookmark of the newest snapshot that the receiver has',
  },
  'dry-run': { type: 'boolean', alias: 'n', default: false, describe: 'send nothing, tell what would be sent' },
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
    const count = new TransferCount()
    const progress = terminal.progress(count)
    try {
      if (args.have !== undefined) await writeContainer(args, count, terminal)
      else await alone(args, () => converse(args, count, terminal))
    } finally {
      progress.stop()
    }
  },
})

/** Whether the receiver is at the other end of our own stdin and stdout: it called us, and tells what fails. */
function isCalled({ connect, via, have }: Arguments): boolean {
  return connect === undefined && via === undefined && have === undefined
}

function refuseWrongWay(args: Arguments, { json }: Terminal): void {
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

async function converse(args: Arguments, count: TransferCount, terminal: Terminal): Promise<void> {
  const { listExisting } = await import('../sync/list-inventory.ts')
  const { endDialogue, openStreams, openTree } = await import('../sync/receiver-end.ts')
  const open = await opener(args, terminal)

  const channel = await open()
  try {
    // Both ends list what they have at the same time.
    const [source, { receiver, id, inventory }] = await Promise.all([listExisting(args.dataset), openTree(channel)])
    const plan = await planOf(args, source, inventory)
    if (args['dry-run']) {
      await endDialogue(receiver, [])
      return await printPlan(plan, args, inventory.root, terminal)
    }
    const openMore = async () => openStreams(await open())
    const receiverId = args.bookmark ? id : undefined
    await sync({ plan, receiver, receiverId, openMore, to: inventory.root }, args, count, terminal)
  } finally {
    await channel.close()
  }
}

/** Opens a way to the receiver, as often as it is asked. */
async function opener(args: Arguments, terminal: Terminal): Promise<() => Promise<Channel>> {
  const { Channel } = await import('../sync/channel.ts')
  const { signal } = terminal
  const limits = { silenceMs: args.timeout ?? 0 }
  if (args.connect !== undefined) {
    const { parseAddress } = await import('../sync/address.ts')
    const { connectTcp } = await import('../sync/connect-tcp.ts')
    const { readSecurity } = await import('../sync/security.ts')
    const address = parseAddress(args.connect)
    const security = await readSecurity(args)
    return async () =>
      new Channel(await connectTcp(address, security, signal), { ...limits, helloMs: limits.silenceMs })
  }
  const { commandLink, standardLink } = await import('../sync/links.ts')
  const { via } = args
  if (via !== undefined) return async () => new Channel(commandLink(via, signal), limits)
  return async () => new Channel(standardLink(signal), limits)
}

async function writeContainer(args: Arguments, count: TransferCount, terminal: Terminal): Promise<void> {
  const { Channel } = await import('../sync/channel.ts')
  const { listExisting } = await import('../sync/list-inventory.ts')
  const { outputLink } = await import('../sync/links.ts')
  const { openContainer } = await import('../sync/receiver-end.ts')

  const { inventory, abilities } = await haveOf(args, terminal.signal)
  const plan = await planOf(args, await listExisting(args.dataset), inventory)
  if (args['dry-run']) return await printPlan(plan, args, inventory.root, terminal)
  const receiver = await openContainer(new Channel(outputLink(terminal.signal)), abilities)
  const openMore = () => Promise.reject(new Failure('usage', 'one file takes one dataset at a time'))
  // Whether it arrives is not heard here: no bookmark is made, and none is destroyed.
  const prepared = { plan, receiver, receiverId: undefined, openMore, to: inventory.root }
  await sync(prepared, { ...args, workers: 1 }, count, terminal)
}

async function haveOf(
  { have }: Arguments,
  signal: AbortSignal,
): Promise<{ inventory: Inventory; abilities: Abilities }> {
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

async function planOf(args: Arguments, source: Inventory, target: Inventory): Promise<Plan> {
  const { prepareSync } = await import('../sync/sync-tree.ts')
  return await prepareSync(source, target, settingsOf(args))
}

function settingsOf(args: Arguments) {
  return { allSnapshots: args['all-snapshots'], raw: args.raw }
}

interface Prepared {
  readonly plan: Plan
  readonly receiver: ReceiverEnd
  readonly receiverId: string | undefined
  readonly openMore: () => Promise<ReceiverEnd>
  readonly to: string
}

async function sync(
  { plan, receiver, receiverId, openMore, to }: Prepared,
  args: Arguments,
  count: TransferCount,
  terminal: Terminal,
) {
  const { syncTree } = await import('../sync/sync-tree.ts')
  const tally = new SyncTally(plan.datasets.length)
  const goingOn = goOnAfterFailures(terminal)
  const run: SyncRun = {
    from: args.dataset,
    to,
    settings: settingsOf(args),
    workers: args.workers ?? 1,
    receiverId,
    openMore,
    checks: [count, ...(await checksOf(args, terminal.signal))],
    signal: terminal.signal,
    onFewer: (ways, reason) =>
      terminal.say(`only ${ways} connections: ${reason instanceof Error ? reason.message : reason}`),
    onStep(dataset, step, bytes, elapsedMs) {
      tally.add(dataset, bytes, step.kind)
      // In a dialogue over stdout there is no event; whoever called us tells.
      terminal.event({ dataset, step: step.kind, ...('to' in step ? { to: step.to.name } : {}), bytes, elapsedMs })
      if (terminal.verbose) terminal.say(`${describeStep(dataset, step)}: ${formatBytes(bytes)}`)
    },
    onFailure: noteWith(goingOn, tally, args, terminal),
  }
  if (terminal.verbose) for (const path of plan.gone) terminal.say(`${to}${path}: gone from the source, and kept`)
  await goingOn.attempt(() => syncTree(plan, receiver, run))
  if (receiver.isHeard && !isCalled(args)) tally.report(args.dataset, to, terminal)
  goingOn.end()
}

/** Who called us hears of failures from us over the dialogue. */
function noteWith(goingOn: GoingOn, tally: SyncTally, args: Arguments, terminal: Terminal) {
  return (dataset: string, failure: Failure) => {
    tally.fail(dataset)
    terminal.event({ dataset, failed: failure.message, kind: failure.kind })
    if (!isCalled(args)) goingOn.note(failure)
  }
}

async function checksOf({ bwlimit }: Arguments, signal: AbortSignal): Promise<readonly Check[]> {
  if (bwlimit === undefined) return []
  const { pacedBy } = await import('../stream/checked-input.ts')
  const { createRateLimit } = await import('../stream/rate-limit.ts')
  return [pacedBy(createRateLimit(bandwidthOf(bwlimit)), signal)]
}

async function printPlan(plan: Plan, args: Arguments, to: string, terminal: Terminal): Promise<void> {
  const { conflictFailure } = await import('../sync/conflict-failure.ts')
  const goingOn = goOnAfterFailures(terminal)
  for (const each of plan.datasets) {
    if (each.conflict !== undefined) goingOn.note(conflictFailure(each, args.dataset, to))
    for (const step of each.steps) await printStep(step, each.source, args, terminal)
  }
  goingOn.end()
}

async function printStep(step: Step, source: SyncDataset, args: Arguments, terminal: Terminal): Promise<void> {
  const { isSending, sendWords } = await import('../sync/send-words.ts')
  const { estimateSend } = await import('../zfs/estimate-send.ts')
  const dataset = args.dataset + source.path
  const flags = source.isEncrypted ? ['-w'] : []
  const bytes = isSending(step) ? await estimateSend(sendWords(dataset, step, flags)) : undefined
  terminal.event({ dataset, plan: step.kind, ...('to' in step ? { to: step.to.name } : {}), bytes })
  const size = bytes === undefined ? '' : `, about ${formatBytes(bytes)}`
  if (!terminal.json) terminal.print(`${describeStep(dataset, step)}${size}`)
}
