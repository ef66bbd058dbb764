import type { InferredArguments, PositionalSpec } from '../../cli/command.ts'
import type { oneWaySendOptions } from '../../cli/one-way-options.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { type udpOptions, windowBytesOf } from '../../cli/udp-options.ts'
import { Failure } from '../../errors.ts'
import type { HostAndPort } from '../../udp/address.ts'

type Arguments = InferredArguments<
  typeof oneWaySendOptions & typeof udpOptions,
  { readonly address: PositionalSpec & { readonly optional: true } }
> & {
  readonly rate: number | undefined
  readonly cipher: 'aes-256-gcm' | 'chacha20-poly1305'
}

/** `zudp-send --one-way`: stdin, or what --only lists of it, to whoever listens there. */
export async function sendOneWayFrom(args: Arguments, to: HostAndPort, terminal: Terminal): Promise<void> {
  const { Transfer } = await import('../../stream/transfer.ts')
  const { sendOneWay } = await import('../../udp/one-way/send-one-way.ts')
  const { openUdpOutlet } = await import('../../udp/one-way/udp-outlet.ts')
  const { openTrust } = await import('../../udp/trust.ts')

  const bytesPerMs = rateOf(args) / 1000
  const { key, insecure, cipher } = args
  const trust = await openTrust({ keyFile: key, insecure, cipher })
  const { signal } = terminal
  const { input, ...content } = await openContent(args, signal)
  const transfer = new Transfer()
  const progress = terminal.progress(transfer)
  try {
    const outlet = await openUdpOutlet(to, args.framesize)
    await sendOneWay(input, outlet, {
      trust,
      code: args.repair,
      burstMs: args.burst,
      packetBytes: outlet.packetBytes,
      bytesPerMs,
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

async function openContent({ only, format }: Arguments, signal: AbortSignal) {
  const { inspectStream } = await import('../../zfs/send-stream/inspection.ts')
  const checks = [inspectStream(format, { signal })]
  if (only === undefined) {
    const { checked } = await import('../../stream/checked-input.ts')
    const { openInput } = await import('../../stream/input.ts')
    return { input: checked(openInput(0, signal), checks), kind: 'stream' as const }
  }
  const { readRepairRequest } = await import('../../udp/one-way/repair-request.ts')
  const { openPatch } = await import('../../udp/one-way/patch-input.ts')
  return { ...(await openPatch(0, await readRepairRequest(only), checks, signal)), kind: 'patch' as const }
}

function rateOf({ rate }: Arguments): number {
  if (rate !== undefined) return rate
  throw new Failure('usage', '--one-way needs --rate', {
    hint: 'no receiver can say what is too fast: give what the link and the receiver take, such as 100M',
  })
}
