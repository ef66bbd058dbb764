import { addressOf, type Bucket, urlIn } from './bucket.ts'
import type { Head } from './head.ts'
import { bareEtag } from './multipart.ts'
import { parseSchedule, partsOf } from './part-schedule.ts'
import { HeadObjectCommand } from './sdk.ts'

/**
 * The sizes of the parts that an object was made of: from its recorded schedule, else asked for. Undefined where neither
 * tells them.
 */
export async function partSizesOf(bucket: Bucket, key: string, head: Head): Promise<readonly number[] | undefined> {
  const size = head.ContentLength ?? 0
  const [, parts] = /-(\d+)$/.exec(bareEtag(head.ETag) ?? '') ?? []
  if (parts === undefined) return [size]
  const count = Number(parts)
  const schedule = parseSchedule(head.Metadata?.['zpipes-parts'] ?? '')
  const recorded = schedule === undefined ? [] : [...partsOf(schedule, size)]
  if (recorded.length === count) return recorded
  return count === 1 ? [size] : askForSizes(bucket, key, head, count)
}

async function askForSizes(bucket: Bucket, key: string, head: Head, count: number) {
  const size = head.ContentLength ?? 0
  const first = await sizeOfPart(bucket, key, head, 1, count)
  if (first === undefined) return undefined
  // Equal parts, as z3 and most others make them: no need to ask for each, if the last one fits.
  const lastBytes = size - first * (count - 1)
  const isEqual =
    Math.ceil(size / first) === count &&
    (count < 3 || (await sizeOfPart(bucket, key, head, count, count)) === lastBytes)
  if (isEqual) return [...partsOf([{ count, bytes: first }], size)]
  const sizes = [first]
  for (let number = 2; number <= count; number++) {
    const next = await sizeOfPart(bucket, key, head, number, count)
    if (next === undefined) return undefined
    sizes.push(next)
  }
  return sizes.reduce((a, b) => a + b) === size ? sizes : undefined
}

/** Undefined where the store knows no part numbers: it gives the size of the whole then, or refuses. */
async function sizeOfPart(bucket: Bucket, key: string, head: Head, number: number, count: number) {
  const command = new HeadObjectCommand({
    ...addressOf(bucket, key),
    PartNumber: number,
    ...(head.ETag === undefined ? {} : { IfMatch: head.ETag }),
  })
  const part = await bucket.connection.send(`part ${number} of ${urlIn(bucket, key)}`, command).catch(() => undefined)
  const isWhole = part?.PartsCount === undefined && part?.ContentLength === head.ContentLength && count > 1
  return isWhole ? undefined : part?.ContentLength
}
