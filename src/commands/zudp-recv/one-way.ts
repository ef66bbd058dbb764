import type { InferredArguments, PositionalSpec } from '../../cli/command.ts'
import type { oneWayReceiveOptions } from '../../cli/one-way-options.ts'
import { ownerOfThisProgram } from '../../cli/owner.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { type udpOptions, windowBytesOf } from '../../cli/udp-options.ts'
import type { HostAndPort } from '../../udp/address.ts'

type Arguments = InferredArguments<
  typeof oneWayReceiveOptions & typeof udpOptions,
  { readonly address: PositionalSpec & { readonly optional: true } }
>

/** `zudp-recv --one-way`: to stdout what comes, and nothing back. */
export async function receiveOneWayTo(args: Arguments, at: HostAndPort, terminal: Terminal): Promise<void> {
  const { openOutput } = await import('../../stream/output.ts')
  const { Transfer } = await import('../../stream/transfer.ts')
  const { receiveOneWay } = await import('../../udp/one-way/receive-one-way.ts')
  const { readSeenFile, writeSeenFile } = await import('../../udp/one-way/seen-file.ts')
  const { openTrust } = await import('../../udp/trust.ts')
  const { inspectStream } = await import('../../zfs/send-stream/inspection.ts')

  const trust = await openTrust({ keyFile: args.key, insecure: args.insecure, cipher: 'aes-256-gcm' })
  const notBeforeMs = args.seen === undefined ? 0 : await readSeenFile(args.seen)
  const { signal } = terminal
  const transfer = new Transfer()
  const progress = terminal.progress(transfer)
  try {
    await receiveOneWay(openOutput(1, signal), {
      at,
      trust,
      kind: 'stream',
      waitMs: args.wait,
      timeoutMs: args.timeout,
      windowBytes: windowBytesOf(args.memory),
      notBeforeMs,
      gaps: args.gaps,
      checks: [inspectStream(args.format, { signal })],
      onBegin: async (timeMs) => {
        if (args.seen !== undefined) await writeSeenFile(args.seen, timeMs, ownerOfThisProgram())
      },
      onMissing: async () => {},
      transfer,
      signal,
      tell: (message) => terminal.verbose && terminal.say(message),
    })
  } finally {
    progress.stop()
  }
}
