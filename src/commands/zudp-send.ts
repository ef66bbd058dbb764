import { defineCommand, type InferredArguments, type OptionSpecs } from '../cli/command.ts'
import { expectAlone, expectWith } from '../cli/expect-with.ts'
import { oneWayOptionNames, oneWaySendOptions, rawOptionNames, rawSendOptions } from '../cli/one-way-options.ts'
import { patienceOf, udpOptions, windowBytesOf } from '../cli/udp-options.ts'
import { parseRate } from '../cli/units.ts'
import { Failure } from '../errors.ts'

const positionals = {
  address: {
    optional: true,
    describe: 'where the receiver is: host:port, 192.0.2.1:port or [2001:db8::1]:port',
  },
} as const

const options = {
  ...udpOptions,
  'allow-empty': { type: 'boolean', default: false, describe: 'send an empty stream too' },
  rate: { type: 'string', metavar: 'RATE', coerce: parseRate, describe: 'send no more than so many bytes a second' },
  'rate-limit': {
    type: 'string',
    metavar: 'SECONDS',
    coerce: parseSeconds,
    describe: 'send no more than one packet in this time, such as 0.0001',
  },
  ...oneWaySendOptions,
  ...rawSendOptions,
  name: {
    type: 'string',
    metavar: 'NAME',
    describe: 'what this transfer is called: %n of zudp-recv --exec',
  },
  cipher: {
    choices: ['aes-256-gcm', 'chacha20-poly1305'] as const,
    default: 'aes-256-gcm' as const,
    describe: 'what encrypts the packets; the receiver takes either',
  },
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof positionals>

export const zudpSend = defineCommand({
  name: 'zudp-send',
  summary: 'send a stream to zudp-recv over UDP',
  synopsis: ['[options] address', '--new-key file'],
  positionals,
  options,
  examples: [
    ['zfs send tank/home@mon | zudp-send --key link.key backup:1337', 'send a snapshot to a host that runs zudp-recv'],
    [
      'zfs send tank/home@mon | zudp-send --one-way --rate 100M --key link.key 192.0.2.7:1337',
      'send it where no answer can come from',
    ],
    ['zudp-send --new-key link.key', 'make the key that both ends need'],
  ],
  stdin: (args) => (usesStdin(args) ? 'binary' : 'none'),
  stdout: 'text',
  fastPaths,
  async run(args, terminal) {
    if (args['new-key'] !== undefined) {
      const { createKeyFile } = await import('../stream/key-file.ts')
      return createKeyFile(args['new-key'])
    }
    const { parseHostAndPort } = await import('../udp/address.ts')
    const isOneWay = args['one-way'] || args.raw
    expectWith('--raw', args.raw, args, rawOptionNames)
    expectWith('--one-way', isOneWay, args, oneWayOptionNames)
    // Frames have their addresses in options of their own.
    const to = parseHostAndPort(args.address ?? (args.raw ? ':1337' : addressOf(args)))
    if (to.host === '' && !args.raw) throw new Failure('usage', `'${args.address}' names no host`)
    if (isOneWay) {
      expectAlone(args, '--one-way', ['name', 'trace', 'wait', 'timeout'])
      const { sendOneWayFrom } = await import('./zudp-send/one-way.ts')
      return sendOneWayFrom(args, to, terminal)
    }
    const { checked } = await import('../stream/checked-input.ts')
    const { openInput } = await import('../stream/input.ts')
    const { streamChecks } = await import('./zudp-send/stream-checks.ts')
    const { Transfer } = await import('../stream/transfer.ts')
    const { sendOverUdp } = await import('../udp/send-over-udp.ts')
    const { parseTransferName } = await import('../udp/transfer-name.ts')
    const { openTrust } = await import('../udp/trust.ts')

    const { key, insecure, cipher } = args
    const name = args.name === undefined ? '' : parseTransferName(args.name)
    const trust = await openTrust({ keyFile: key, insecure, cipher })
    const { signal } = terminal
    const input = checked(openInput(0, signal), await streamChecks(args, signal))
    const transfer = new Transfer()
    const progress = terminal.progress(transfer)
    try {
      await sendOverUdp(input, {
        to,
        trust,
        ...patienceOf(args),
        windowBytes: windowBytesOf(args.memory),
        ceiling: {
          bytes: (args.rate ?? Number.POSITIVE_INFINITY) / 1000,
          packets: args['rate-limit'] ?? Number.POSITIVE_INFINITY,
        },
        name,
        transfer,
        signal,
        trace: args.trace,
        tell: (message) => terminal.verbose && terminal.say(message),
      })
    } finally {
      progress.stop()
      await input.close()
    }
  },
})

function usesStdin(args: Arguments): boolean {
  const others = [args['new-key'], args['dummy-data']].some((file) => file !== undefined)
  return !others && !args['full-sync'] && !args['send-delta']
}

function addressOf({ address }: Arguments): string {
  if (address !== undefined) return address
  throw new Failure('usage', 'the address of the receiver is missing')
}

async function fastPaths(): Promise<readonly string[]> {
  const { mechanism } = await import('../udp/datagram-socket.ts')
  return [`datagrams: ${mechanism()}`]
}

/** Packets a millisecond, from the seconds that each may take. */
function parseSeconds(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0
  if (seconds > 0) return 1 / (1000 * seconds)
  throw new Failure('usage', `'${text}' is not a number of seconds above 0`)
}
