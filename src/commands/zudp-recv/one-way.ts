import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { InferredArguments, PositionalSpec } from '../../cli/command.ts'
import { expectAlone, given } from '../../cli/expect-with.ts'
import type { oneWayReceiveOptions } from '../../cli/one-way-options.ts'
import { ownerOfThisProgram } from '../../cli/owner.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { patienceOf, type udpOptions, windowBytesOf } from '../../cli/udp-options.ts'
import type { HostAndPort } from '../../udp/address.ts'
import type { Missing } from '../../udp/one-way/repair-request.ts'

type Arguments = InferredArguments<
  typeof oneWayReceiveOptions & typeof udpOptions,
  { readonly address: PositionalSpec & { readonly optional: true } }
>

/** `zudp-recv --one-way`: to stdout, or into the file of --patch, what comes, and nothing back. */
export async function receiveOneWayTo(args: Arguments, at: HostAndPort, terminal: Terminal): Promise<void> {
  const { openOutput } = await import('../../stream/output.ts')
  const { Transfer } = await import('../../stream/transfer.ts')
  const { receiveOneWay } = await import('../../udp/one-way/receive-one-way.ts')
  const { receivePatch } = await import('../../udp/one-way/receive-patch.ts')
  const { openTrust } = await import('../../udp/trust.ts')
  const { inspectStream } = await import('../../zfs/send-stream/inspection.ts')

  if (args.patch !== undefined) expectAlone(args, '--patch', ['gaps'])
  const rawInterface = args.raw ? given(args.interface, 'interface', '--raw') : undefined
  const trust = await openTrust({ keyFile: args.key, insecure: args.insecure, cipher: 'aes-256-gcm' })
  const files = await openFiles(args, terminal)
  const { signal } = terminal
  const transfer = new Transfer()
  const options = {
    at,
    rawInterface,
    trust,
    kind: 'stream',
    ...patienceOf(args),
    windowBytes: windowBytesOf(args.memory),
    gaps: args.gaps ?? 'stop',
    checks: [inspectStream(args.format, { signal })],
    ...files,
    transfer,
    signal,
    tell: (message: string) => terminal.verbose && terminal.say(message),
  } as const
  const progress = terminal.progress(transfer)
  try {
    if (args.patch !== undefined) await receivePatch(args.patch, await askedFor(args), options)
    else await receiveOneWay(openOutput(1, signal), options)
    await files.onWhole()
  } finally {
    progress.stop()
  }
}

/** What the file of --repair-request lists already. */
async function askedFor({ 'repair-request': request }: Arguments) {
  const { readRepairRequest } = await import('../../udp/one-way/repair-request.ts')
  const { existsSync } = await import('node:fs')
  return request === undefined || !existsSync(request) ? undefined : (await readRepairRequest(request)).ranges
}

/** What is kept beside the stream, in --seen and --repair-request. */
async function openFiles({ seen, 'repair-request': request }: Arguments, terminal: Terminal) {
  const { readSeenFile, writeSeenFile } = await import('../../udp/one-way/seen-file.ts')
  const { removeRepairRequest, writeRepairRequest } = await import('../../udp/one-way/repair-request.ts')
  const writer = ownerOfThisProgram()
  // When they are to be written, the transfer has been sent, and cannot be asked for again.
  const folders = [seen, request].filter((file) => file !== undefined).map(dirname)
  for (const folder of folders) await access(folder, constants.W_OK | constants.X_OK)
  return {
    notBeforeMs: seen === undefined ? 0 : await readSeenFile(seen),
    onBegin: async (timeMs: number) => {
      if (seen !== undefined) await writeSeenFile(seen, timeMs, writer)
    },
    onMissing: async (missing: Missing) => {
      if (request === undefined) return
      // What is lost, and why, is told all the same.
      await writeRepairRequest(request, missing, writer).catch((error: Error) =>
        terminal.say(`cannot list in ${request} what is missing: ${error.message}`),
      )
    },
    onWhole: async () => {
      if (request !== undefined) await removeRepairRequest(request)
    },
  }
}
