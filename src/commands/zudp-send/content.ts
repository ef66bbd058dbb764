import { openSync, statSync } from 'node:fs'
import { expectAlone, expectWith, given } from '../../cli/expect-with.ts'
import { Failure } from '../../errors.ts'
import type { Input } from '../../stream/input.ts'
import type { Arguments } from './one-way.ts'
import { streamChecks } from './stream-checks.ts'

/** What is sent: stdin, what --only lists of it, a file, or what a `zfs send` of ours writes. */
export async function openContent(args: Arguments, signal: AbortSignal) {
  if (args.only !== undefined) {
    expectAlone(args, '--only', ['dummy-data', 'full-sync', 'send-delta', 'allow-empty'])
    const { readRepairRequest } = await import('../../udp/one-way/repair-request.ts')
    const { openPatch } = await import('../../udp/one-way/patch-input.ts')
    const { inspectStream } = await import('../../zfs/send-stream/inspection.ts')
    const checks = [inspectStream(args.format, { signal })]
    return { ...(await openPatch(0, await readRepairRequest(args.only), checks, signal)), kind: 'patch' as const }
  }
  const { checked } = await import('../../stream/checked-input.ts')
  const checks = await streamChecks(args, signal)
  return { input: checked(await openWhole(args, signal), checks), kind: 'stream' as const }
}

async function openWhole(args: Arguments, signal: AbortSignal): Promise<Input> {
  expectWith('--full-sync', args['full-sync'], args, args['dummy-data'] === undefined ? ['pool'] : [])
  expectWith('--send-delta', args['send-delta'], args, ['delta-start', 'delta-end'])
  if (args['full-sync']) expectAlone(args, '--full-sync', ['send-delta'])
  const { openInput } = await import('../../stream/input.ts')
  // As a stand-in for a pool, or for what was written between two snapshots.
  if (args['dummy-data'] !== undefined) return openInput(openDummy(args['dummy-data']), signal)
  if (args['full-sync']) return sendPool(given(args.pool, 'pool', '--full-sync'), signal)
  if (!args['send-delta']) return openInput(0, signal)
  const [from, to] = [
    given(args['delta-start'], 'delta-start', '--send-delta'),
    given(args['delta-end'], 'delta-end', '--send-delta'),
  ]
  return zfsSend(['-I', from, to], signal)
}

/** Opening a pipe waits for its writer, and no signal ends that. */
function openDummy(path: string): number {
  if (statSync(path).isFIFO()) throw new Failure('usage', `--dummy-data ${path}: is a pipe: it can be stdin`)
  return openSync(path, 'r')
}

/** A new snapshot of all below, whose name is a number one above the highest, and all that leads to it. */
async function sendPool(pool: string, signal: AbortSignal): Promise<Input> {
  const { listSnapshotNames } = await import('../../zfs/list-names.ts')
  const { takeSnapshots } = await import('../../zfs/take-snapshots.ts')
  const names = await listSnapshotNames([pool], { isRecursive: true })
  const numbers = names.map((name) => Number(/@(\d{1,15})$/.exec(name)?.[1] ?? -1))
  const snapshot = `${pool}@${numbers.reduce((highest, number) => Math.max(highest, number), -1) + 1}`
  await takeSnapshots([snapshot], { isRecursive: true })
  return zfsSend(['-R', snapshot], signal)
}

async function zfsSend(words: readonly string[], signal: AbortSignal): Promise<Input> {
  const { startChild } = await import('../../stream/child.ts')
  const { programInput } = await import('../../stream/program-input.ts')
  const child = startChild(['zfs', 'send', ...words], { stdin: 'ignore', stdout: 'pipe', stderr: 'keep', signal })
  return programInput(child, 'unavailable')
}
