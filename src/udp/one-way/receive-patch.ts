import { Failure } from '../../errors.ts'
import type { ByteRange } from './lost-ranges.ts'
import { PatchFile } from './patch-file.ts'
import { type ReceiveOneWayOptions, receiveOneWay } from './receive-one-way.ts'

/**
 * Receives what a file lacks into it: what was `asked` for, if that is known. Resolves when the file equals the sender's as
 * a whole, and its checks are content.
 */
export async function receivePatch(
  path: string,
  asked: readonly ByteRange[] | undefined,
  options: ReceiveOneWayOptions,
): Promise<void> {
  const file = await PatchFile.open(path, asked)
  const onMissing: ReceiveOneWayOptions['onMissing'] = async ({ totalBytes, digest }) => {
    // Until the patch says what it has, what was asked for before is still what is missing.
    if (file.missing !== undefined) await options.onMissing({ totalBytes, digest, ranges: file.missing })
  }
  try {
    const { last } = await receiveOneWay(file, { ...options, kind: 'patch', gaps: 'stop', checks: [], onMissing })
    if (file.missing === undefined || file.missing.length > 0)
      throw new Failure('protocol', 'the patch is shorter than it says')
    await file.verify(last!.whole, options.checks, options.signal)
  } finally {
    await file.close()
  }
}
