import type { Metadata } from '../store/store.ts'
import { shellLine } from '../stream/shell-words.ts'
import { estimateSend } from '../zfs/estimate-send.ts'
import type { BackupStep } from './backup-plan.ts'
import type { SendFlags } from './send-flags.ts'
import type { Stages } from './stages.ts'

export interface JobSettings {
  readonly sendFlags: SendFlags
  readonly stages: Stages
  /** Of this program. */
  readonly version: string
}

/** One object on its way to the store: the program that sends it, what it passes through, what is recorded. */
export interface BackupJob {
  readonly step: BackupStep
  /** dataset@snapshot */
  readonly key: string
  readonly send: readonly string[]
  readonly stages: Stages
  /** What the stream does not say of itself. */
  readonly metadata: Metadata
  /** About so long is the stream, in bytes. */
  readonly estimatedBytes: number
}

/**
 * `size`, `isfull`, `parent` and `compressor` as z3 writes and reads them: its size is the estimate too. The rest are ours,
 * without underscores, which proxies drop.
 */
export async function backupJob(step: BackupStep, settings: JobSettings): Promise<BackupJob> {
  const { snapshot, from } = step
  const { sendFlags, stages, version } = settings
  const source = from === undefined ? [] : ['-i', from.source.name]
  const estimatedBytes = (await estimateSend([...sendFlags, ...source, snapshot.name])) ?? sizeInPool(step)
  const metadata: Metadata = {
    size: String(estimatedBytes),
    ...(from === undefined ? { isfull: 'true' } : { parent: from.parent }),
    ...stages.metadata,
    ...(sendFlags.length === 0 ? {} : { 'send-flags': sendFlags.join(' ') }),
    'zpipes-version': version,
  }
  return {
    step,
    key: snapshot.name,
    send: ['zfs', 'send', ...sendFlags, ...source, snapshot.name],
    stages,
    metadata,
    estimatedBytes,
  }
}

/** Where zfs send cannot say: all that the snapshot refers to, or what was written since the one before. 0 stands for unknown: z3 wants a number. */
function sizeInPool({ snapshot, from }: BackupStep): number {
  return from === undefined ? snapshot.referBytes : (snapshot.writtenBytes ?? 0)
}

/** The same as a line for sh(1): pput checks the stream, so that a zfs send that dies is noticed without pipefail. */
export function backupPipeline(job: BackupJob, url: string, putWords: readonly string[]): string {
  const { send, stages, metadata, step } = job
  const put = [
    'pput',
    ...putWords,
    '--format=zfs',
    ...(step.isReplacement ? ['--overwrite'] : []),
    ...stages.lines.map((line) => `--through=${line}`),
    ...Object.entries(metadata).map(([key, value]) => `--metadata=${key}=${value}`),
    url,
  ]
  return `${shellLine(send)} | ${shellLine(put)}`
}
