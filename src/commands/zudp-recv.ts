import { defineCommand, type InferredArguments, type OptionSpecs } from '../cli/command.ts'
import { expectAlone, expectWith } from '../cli/expect-with.ts'
import { oneWayReceiveOptions } from '../cli/one-way-options.ts'
import { patienceOf, udpOptions, windowBytesOf } from '../cli/udp-options.ts'
import { Failure } from '../errors.ts'

const positionals = {
  address: { optional: true, describe: 'where to listen: :port, 192.0.2.1:port or [2001:db8::1]:port' },
} as const

const options = {
  ...udpOptions,
  exec: {
    type: 'string',
    metavar: 'COMMAND',
    describe: 'give the stream to this program, which no shell starts; %n in it is the --name of zudp-send',
  },
  keep: {
    type: 'boolean',
    default: false,
    describe: 'with --exec: receive one transfer after another, until a signal',
  },
  ...oneWayReceiveOptions,
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof positionals>

export const zudpRecv = defineCommand({
  name: 'zudp-recv',
  summary: 'receive a stream from zudp-send over UDP',
  synopsis: ['[options] address', '--new-key file'],
  positionals,
  options,
  examples: [
    ['zudp-recv --key link.key :1337 | zfs receive tank/restored', 'receive a snapshot'],
    ['zudp-recv --one-way --key link.key :1337 | zfs receive tank/restored', 'receive it, and answer nothing'],
    ["zudp-recv --keep --exec 'zfs receive tank/%n' --key link.key :1337", 'receive whatever comes, by its name'],
    ['zudp-recv --new-key link.key', 'make the key that both ends need'],
  ],
  stdin: 'none',
  stdout: (args) => (args['new-key'] === undefined && args.patch === undefined ? 'binary' : 'text'),
  fastPaths,
  async run(args, terminal) {
    if (args['new-key'] !== undefined) {
      const { createKeyFile } = await import('../stream/key-file.ts')
      return createKeyFile(args['new-key'])
    }
    const { parseHostAndPort } = await import('../udp/address.ts')
    const at = parseHostAndPort(addressOf(args))
    const isOneWay = args['one-way'] || args.raw
    expectWith('--raw', args.raw, args, ['interface'])
    expectWith('--one-way', isOneWay, args, ['repair-request', 'patch', 'seen', 'gaps'])
    if (isOneWay) {
      expectAlone(args, '--one-way', ['exec', 'keep', 'trace'])
      const { receiveOneWayTo } = await import('./zudp-recv/one-way.ts')
      return receiveOneWayTo(args, at, terminal)
    }
    const { Transfer } = await import('../stream/transfer.ts')
    const { receiveOverUdp } = await import('../udp/receive-over-udp.ts')
    const { openTrust } = await import('../udp/trust.ts')
    const { inspectStream } = await import('../zfs/send-stream/inspection.ts')

    if (args.keep) expectAlone(args, '--keep', ['wait'])
    const trust = await openTrust({ keyFile: args.key, insecure: args.insecure, cipher: 'aes-256-gcm' })
    const { signal } = terminal
    const open = await destinationOf(args, signal)
    const receive = async (onListening: () => void) => {
      const transfer = new Transfer()
      const progress = terminal.progress(transfer)
      try {
        await receiveOverUdp(open, {
          at,
          trust,
          ...patienceOf(args),
          ...(args.keep && { waitMs: Number.POSITIVE_INFINITY }),
          windowBytes: windowBytesOf(args.memory),
          checks: [inspectStream(args.format, { signal })],
          transfer,
          signal,
          trace: args.trace,
          onListening,
          tell: (message) => terminal.verbose && terminal.say(message),
        })
      } finally {
        progress.stop()
      }
    }
    if (!args.keep) return receive(() => {})
    const { receiveForEver } = await import('./zudp-recv/each-to-program.ts')
    return receiveForEver(terminal, receive)
  },
})

/** What is opened for a transfer: stdout, or the program of --exec. */
async function destinationOf({ exec, keep }: Arguments, signal: AbortSignal) {
  if (exec !== undefined) {
    const { openProgram, wordsOf } = await import('./zudp-recv/each-to-program.ts')
    const words = wordsOf(exec)
    return (name: string) => openProgram(words, name, signal)
  }
  if (keep) throw new Failure('usage', '--keep is for --exec: on stdout one stream would follow another')
  const { openOutput } = await import('../stream/output.ts')
  return () => openOutput(1, signal)
}

function addressOf({ address }: Arguments): string {
  if (address !== undefined) return address
  throw new Failure('usage', 'the address to listen at is missing', { hint: ':1337 is port 1337 of every address' })
}

async function fastPaths(): Promise<readonly string[]> {
  const { mechanism } = await import('../udp/datagram-socket.ts')
  return [`datagrams: ${mechanism()}`]
}
