import type { InferredArguments, PositionalSpec } from '../../cli/command.ts'
import { oneWayDefaults, type oneWaySendOptions, type rawSendOptions } from '../../cli/one-way-options.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { type udpOptions, windowBytesOf } from '../../cli/udp-options.ts'
import { Failure } from '../../errors.ts'
import type { HostAndPort } from '../../udp/address.ts'
import { openContent } from './content.ts'
import { openRawOutlet } from './raw.ts'

export type Arguments = InferredArguments<
  typeof oneWaySendOptions & typeof rawSendOptions & typeof udpOptions,
  { readonly address: PositionalSpec & { readonly optional: true } }
> & {
  readonly rate: number | undefined
  /** Packets a millisecond. */
  readonly 'rate-limit': number | undefined
  readonly name: string | undefined
  readonly cipher: 'aes-256-gcm' | 'chacha20-poly1305'
  readonly 'allow-empty': boolean
}

/** `zudp-send --one-way`: stdin, or what --only lists of it, to whoever listens there. */
export async function sendOneWayFrom(args: Arguments, to: HostAndPort, terminal: Terminal): Promise<void> {
  const { Transfer } = await import('../../stream/transfer.ts')
  const { sendOneWay } = await import('../../udp/one-way/send-one-way.ts')
  const { openUdpOutlet } = await import('../../udp/one-way/udp-outlet.ts')
  const { openTrust } = await import('../../udp/trust.ts')

  expectRate(args)
  const { key, insecure, cipher } = args
  const { repair, burst, framesize } = oneWayDefaults
  const trust = await openTrust({ keyFile: key, insecure, cipher })
  const { signal } = terminal
  const { input, ...content } = await openContent(args, signal)
  const transfer = new Transfer()
  const progress = terminal.progress(transfer)
  try {
    const outlet = args.raw ? await openRawOutlet(args, to.port) : await openUdpOutlet(to, args.framesize ?? framesize)
    await sendOneWay(input, outlet, {
      trust,
      code: args.repair ?? repair,
      burstMs: args.burst ?? burst,
      packetBytes: outlet.packetBytes,
      bytesPerMs: bytesPerMsOf(args, outlet.packetBytes),
      windowBytes: windowBytesOf(args.memory),
      ...content,
      transfer,
      signal,
      tell: (message) => terminal.verbose && terminal.say(message),
    })
  } finally {
    progress.stop()
    await input.close()
  }
}

function expectRate(args: Arguments): void {
  if (args.rate !== undefined || args['rate-limit'] !== undefined) return
  throw new Failure('usage', '--one-way needs --rate', {
    hint: 'no receiver can say what is too fast: give what the link and the receiver take, such as 100M',
  })
}

function bytesPerMsOf(args: Arguments, packetBytes: number): number {
  const { rate = Number.POSITIVE_INFINITY, 'rate-limit': packetsPerMs = Number.POSITIVE_INFINITY } = args
  return Math.min(rate / 1000, packetsPerMs * packetBytes)
}
