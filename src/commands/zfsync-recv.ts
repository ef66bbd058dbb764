import { setMaxListeners } from 'node:events'
import { defineCommand, type InferredArguments, type OptionSpecs } from '../cli/command.ts'
import { expectWith } from '../cli/expect-with.ts'
import { givenSocket } from '../cli/given-socket.ts'
import { goOnAfterFailures } from '../cli/going-on.ts'
import { ownerOfThisProgram } from '../cli/owner.ts'
import { propertyOptions } from '../cli/property-options.ts'
import { runtimeFolder } from '../cli/runtime-folder.ts'
import { connectionOptions, trustOptionNames } from '../cli/sync-options.ts'
import type { Terminal } from '../cli/terminal.ts'
import { parseDuration, parseFromOne } from '../cli/units.ts'
import { Failure } from '../errors.ts'
import type { ChannelLimits, Link } from '../sync/channel.ts'
import type { Security } from '../sync/security.ts'
import type { ReceiverRun } from '../sync/serve-sender.ts'
import type { TransferCount } from '../sync/transfer-count.ts'

const positionals = {
  dataset: {
    describe: 'the root of the replica: nothing outside of it is touched',
    optional: true,
    completes: 'dataset',
  },
} as const

const options = {
  listen: {
    type: 'string',
    metavar: 'ADDRESS:PORT',
    conflicts: ['via', 'inventory'],
    describe:
      'serve zfsync-send --connect, until stopped; [::1]:8023, :8023 for all addresses, or systemd for its socket',
  },
  via: {
    type: 'string',
    metavar: 'COMMAND',
    conflicts: ['inventory'],
    describe: "pull from what this shell command starts, such as 'ssh host zfsync-send tank/data'",
  },
  inventory: {
    type: 'boolean',
    default: false,
    describe: 'write to stdout what the replica has, for zfsync-send --have',
  },
  'new-key': { type: 'string', metavar: 'FILE', describe: 'make a key file for both ends, and nothing else' },
  ...connectionOptions,
  allow: {
    type: 'string',
    array: true,
    metavar: 'NAME=DATASET',
    default: [] as string[],
    describe:
      "let whose certificate has this name write below this dataset alone, as its root; and nobody who isn't named",
  },
  'on-diverged': {
    choices: ['refuse', 'rename', 'rollback', 'replace'] as const,
    default: 'refuse' as const,
    describe: 'what to do with a dataset that has no snapshot in common with the source, or newer ones of its own',
  },
  gone: {
    choices: ['keep', 'report', 'rename', 'destroy'] as const,
    default: 'report' as const,
    describe: 'what to do with a dataset that the source has no more',
  },
  ...propertyOptions,
  hold: {
    type: 'boolean',
    default: true,
    describe: "don't hold the newest snapshot of each dataset, the base of the next increment",
  },
  'max-connections': {
    type: 'string',
    metavar: 'N',
    default: '32',
    coerce: parseFromOne,
    describe: 'more connections at a time are told to come later',
  },
  'max-receives': {
    type: 'string',
    metavar: 'N',
    default: '16',
    coerce: parseFromOne,
    describe: 'datasets that are received at the same time, of all senders; others wait',
  },
  grace: {
    type: 'string',
    metavar: 'DURATION',
    default: '60s',
    coerce: parseDuration,
    describe: 'with --listen, how long what is being received may go on after the first signal',
  },
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof positionals>

export const zfsyncRecv = defineCommand({
  name: 'zfsync-recv',
  summary: 'receive a replica of a dataset tree',
  synopsis: ['[options] [dataset]'],
  positionals,
  options,
  examples: [
    ["zfsync-recv --via 'ssh host zfsync-send tank/data' backup/data", 'pull a tree over ssh'],
    ['zfsync-recv --new-key /etc/zpipes.key', 'make a key for both ends'],
    ['zfsync-recv --listen :8023 --key /etc/zpipes.key backup/data', 'serve senders over TCP'],
    ['zfsync-recv backup/data < streams', 'receive what zfsync-send --have wrote'],
  ],
  stdin: ({ listen, via, inventory, 'new-key': newKey }) =>
    listen === undefined && via === undefined && newKey === undefined && !inventory ? 'binary' : 'none',
  stdout: 'text',
  async run(args, terminal) {
    const newKey = args['new-key']
    if (newKey !== undefined) {
      const { createKeyFile } = await import('../stream/key-file.ts')
      return await createKeyFile(newKey)
    }
    const { checkedDatasetName } = await import('../zfs/dataset-name.ts')
    if (args.dataset === undefined) throw new Failure('usage', 'the root of the replica is missing')
    const root = checkedDatasetName(args.dataset)
    expectWith('--listen', args.listen !== undefined, args, [...trustOptionNames, 'allow'])
    const { TransferCount } = await import('../sync/transfer-count.ts')
    const count = new TransferCount()
    const run = await serverRun(root, args, count, terminal)
    if (args.inventory) return await printInventory(run, terminal)
    const progress = terminal.progress(count)
    try {
      if (args.listen !== undefined) await listen(args.listen, args, run, terminal)
      else await receive(args, run, terminal)
    } finally {
      progress.stop()
    }
  },
})

async function printInventory(run: ReceiverRun, terminal: Terminal): Promise<void> {
  const { formatHave } = await import('../sync/have-file.ts')
  const { inventoryMessage } = await import('../sync/serve-sender.ts')
  const { findAbilities } = await import('../sync/zfs-abilities.ts')
  terminal.print(formatHave({ ...(await inventoryMessage(run)), abilities: await findAbilities(terminal.signal) }))
}

/** One sender: behind a command, or at the other end of stdin. */
async function receive(args: Arguments, common: ReceiverRun, terminal: Terminal): Promise<void> {
  const { commandLink, standardLink } = await import('../sync/links.ts')
  const { signal } = terminal
  const { via } = args
  const goingOn = goOnAfterFailures(terminal)
  const link = via === undefined ? standardLink(signal) : commandLink(via, signal)
  const run: ReceiverRun = {
    ...common,
    onFailure(failure, isHeard) {
      // A sender that called us, over ssh perhaps, tells it there.
      if (via !== undefined || !isHeard) goingOn.note(failure)
    },
  }
  await serve(link, run, { silenceMs: args.timeout ?? 0 })
  goingOn.end()
}

async function serve(link: Link, run: ReceiverRun, times: Pick<ChannelLimits, 'helloMs' | 'silenceMs'>): Promise<void> {
  const { Channel } = await import('../sync/channel.ts')
  const { mostRequestBytes } = await import('../sync/frames.ts')
  const { serveSender } = await import('../sync/serve-sender.ts')
  const channel = new Channel(link, { messageBytes: mostRequestBytes, ...times })
  try {
    await serveSender(channel, run)
    await channel.finish()
  } finally {
    await channel.close()
  }
}

async function serverRun(
  root: string,
  args: Arguments,
  count: TransferCount,
  terminal: Terminal,
): Promise<ReceiverRun> {
  const { Turns } = await import('../stream/turns.ts')
  const { parseReceiveProperties } = await import('../zfs/receive-properties.ts')
  return {
    root,
    policy: { onDiverged: args['on-diverged'], onGone: args.gone },
    properties: parseReceiveProperties(args.property, args.exclude),
    holds: args.hold,
    lock: { folder: runtimeFolder(), owner: ownerOfThisProgram() },
    count,
    signal: terminal.signal,
    stopping: terminal.signal,
    turns: new Turns(Number.POSITIVE_INFINITY),
    onReceived(target, { to, fromGuid }) {
      terminal.event({ received: `${target}@${to.name}`, guid: to.guid, isFull: fromGuid === undefined })
      if (terminal.verbose) terminal.say(`${target}@${to.name}: received`)
    },
    onSkipped(target, { to }) {
      if (terminal.verbose) terminal.say(`${target}@${to.name}: is there already`)
    },
    onFailure: (failure) => terminal.say(failure.message),
  }
}

async function listen(text: string, args: Arguments, single: ReceiverRun, terminal: Terminal): Promise<void> {
  const { formatAddress, parseAddress } = await import('../sync/address.ts')
  const { parseAllowance, rootFor } = await import('../sync/certificate-names.ts')
  const { listenTcp } = await import('../sync/listen-tcp.ts')
  const { readSecurity } = await import('../sync/security.ts')
  const { findAbilities } = await import('../sync/zfs-abilities.ts')
  const { Turns } = await import('../stream/turns.ts')
  const security = await readSecurity(args)
  // Without zfs it would come up, and refuse the first sender in the night.
  await findAbilities(terminal.signal)
  const allowances = args.allow.map((each) => parseAllowance(checkedAllowance(each, security), single.root))
  const turns = new Turns(args['max-receives'] ?? 1)
  const run = { ...single, turns, signal: await graceful(args.grace ?? 0, terminal) }
  const times = { helloMs: args.timeout ?? 0, silenceMs: args.timeout ?? 0 }
  const { owner } = run.lock
  let connections = 0
  await listenTcp(text === 'systemd' ? givenSocket() : parseAddress(text), security, {
    signal: terminal.signal,
    mostConnections: args['max-connections'] ?? 1,
    onListening(address) {
      terminal.event({ listening: formatAddress(address) })
      if (terminal.verbose) terminal.say(`listening on ${formatAddress(address)}`)
    },
    onRefused: (peer, reason) => terminal.say(`${peer}: refused: ${reason}`),
    onLink(link, { name, certificate }) {
      const root = rootFor(certificate, allowances, run.root)
      // Each connection is an owner of its own: one may hold a lock that another waits for.
      const lock = { ...run.lock, owner: { ...owner, id: `${owner.id}-${++connections}` } }
      const onFailure = (failure: Failure) => terminal.say(`${name}: ${failure.message}`)
      void serve(link, { ...run, root, lock, onFailure }, times).catch((error: unknown) => {
        terminal.signal.aborted || terminal.say(`${name}: ${error instanceof Error ? error.message : error}`)
      })
    },
  })
  terminal.signal.throwIfAborted()
}

/** Without certificates there are no names to tell senders apart by. */
function checkedAllowance(text: string, security: Security): string {
  if (security.kind === 'certificate') return text
  throw new Failure('usage', `--allow ${text} needs certificates: --tls-cert, --tls-key, --tls-ca`)
}

/** A signal that aborts some time after the terminal's. */
async function graceful(graceMs: number, terminal: Terminal): Promise<AbortSignal> {
  const { onAbort } = await import('../stream/on-abort.ts')
  terminal.allowGrace(graceMs)
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  onAbort(terminal.signal, () => {
    setTimeout(() => controller.abort(terminal.signal.reason), graceMs)
  })
  return controller.signal
}
