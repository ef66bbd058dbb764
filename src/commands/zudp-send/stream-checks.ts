import type { Check } from '../../stream/checked-input.ts'
import type { StreamFormat } from '../../zfs/send-stream/inspection.ts'

interface Arguments {
  readonly format: StreamFormat
  readonly 'allow-empty': boolean
}

/** What a stream must be before its end is sent. */
export async function streamChecks(args: Arguments, signal: AbortSignal): Promise<readonly Check[]> {
  const { expectAnyBytes } = await import('../../stream/checked-input.ts')
  const { inspectStream } = await import('../../zfs/send-stream/inspection.ts')
  const inspection = inspectStream(args.format, { signal })
  return args['allow-empty'] ? [inspection] : [inspection, expectAnyBytes()]
}
