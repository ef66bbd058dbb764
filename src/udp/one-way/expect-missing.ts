import { Failure } from '../../errors.ts'
import type { ByteRange } from './lost-ranges.ts'

/** The file that a patch is for. */
export interface Patched {
  readonly path: string
  readonly bytes: number
  /** What was asked for, if that is known. */
  readonly asked: readonly ByteRange[] | undefined
}

/** Throws 'data' for a patch of another file, as far as its ranges tell: nothing has been written yet. */
export function expectMissing(ranges: readonly ByteRange[], { path, bytes, asked }: Patched): void {
  let end = bytes
  for (const { from, to } of ranges) {
    if (asked?.some((each) => each.from <= from && to <= each.to) === false)
      throw ofAnother(`the patch has bytes ${from}-${to - 1}, which were not asked for`)
    if (from > end) throw ofAnother(`the patch has bytes from ${from} on, and ${path} ends at ${end}`)
    end = Math.max(end, to)
  }
}

/** The same for bytes that are in the file: where gaps are, there are zeros. */
export function expectZeros(found: Uint8Array, wanted: Uint8Array, from: number, path: string): void {
  const at = found.findIndex((byte, index) => byte !== 0 && byte !== wanted[index])
  if (at >= 0) throw ofAnother(`byte ${from + at} is not missing in ${path}, and the patch has another one`)
}

function ofAnother(why: string): Failure {
  return new Failure('data', why, {
    hint: 'the patch is of another file than that of --patch, or this one was changed',
  })
}
