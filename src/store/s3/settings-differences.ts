import type { Head } from './head.ts'
import { decodeMetadata, withoutOwn } from './metadata-headers.ts'
import type { objectInput } from './object-input.ts'
import { parseSchedule, partsOf } from './part-schedule.ts'

type Input = ReturnType<typeof objectInput>
/** What it is of, what the store has, and what was asked for. */
type Pair = readonly [what: string, stored: string | undefined, wanted: string | undefined]

/** In what an object is not as it was asked for, as far as the store tells: `note=first instead of second`. */
export function settingsDifferences(head: Head, input: Input): string[] {
  return [...metadataPairs(head, input), ...settingPairs(head, input), ...partSizePairs(head, input)]
    .filter(([, stored, wanted]) => stored !== wanted)
    .map(([what, stored, wanted]) => `${what}${stored ?? '(none)'} instead of ${wanted ?? '(none)'}`)
}

function metadataPairs(head: Head, input: Input): Pair[] {
  const stored = withoutOwn(decodeMetadata(head.Metadata))
  const wanted = withoutOwn(decodeMetadata(input.Metadata))
  const names = new Set([...Object.keys(stored), ...Object.keys(wanted)])
  return [...names].map((name) => [`${name}=`, stored[name], wanted[name]])
}

function settingPairs(head: Head, input: Input): Pair[] {
  const { StorageClass = 'STANDARD', ServerSideEncryption: encryption, SSEKMSKeyId: kmsKey, Tagging } = input
  const pairs: Pair[] = [['storage class ', head.StorageClass ?? 'STANDARD', StorageClass]]
  // A bucket may encrypt by itself, and of an alias the store tells its key.
  if (encryption !== undefined) pairs.push(['encryption ', head.ServerSideEncryption, encryption])
  if (kmsKey !== undefined && head.SSEKMSKeyId !== undefined && !/(^|:)alias\//.test(kmsKey)) {
    pairs.push(['KMS key ', lastWord(head.SSEKMSKeyId), lastWord(kmsKey)])
  }
  if (Tagging === undefined) pairs.push(['number of tags ', String(head.TagCount ?? 0), '0'])
  return pairs
}

/** A recorded schedule that gives the same parts, and others only beyond the end, is right. */
function partSizePairs(head: Head, input: Input): Pair[] {
  const [stored, wanted] = [head, input].map(({ Metadata }) => Metadata?.['zpipes-parts'])
  const [theirs, ours] = [stored, wanted].map((text) => sizesBy(text, head.ContentLength ?? 0))
  return theirs === ours ? [] : [['part sizes ', stored, wanted]]
}

function sizesBy(text = '', objectBytes: number): string {
  const schedule = parseSchedule(text)
  return schedule === undefined ? '' : [...partsOf(schedule, objectBytes)].join()
}

/** Of `arn:aws:kms:…:key/ID` the ID. */
function lastWord(keyId: string): string {
  return keyId.slice(keyId.lastIndexOf('/') + 1)
}

/**
 * Whether an upload is known to be of another storage class than is asked for now. Stores other than AWS list STANDARD
 * whatever it is.
 */
export function wasBegunInOtherClass(listed: string | undefined, wanted: string | undefined, isAws: boolean): boolean {
  const isTold = listed !== undefined && (isAws || listed !== 'STANDARD')
  return isTold && wanted !== undefined && listed !== wanted
}
