import { Failure } from '../../errors.ts'
import { addressOf, type Bucket, urlIn } from './bucket.ts'
import type { Head } from './head.ts'
import { statusOf } from './judge-error.ts'
import type { objectInput } from './object-input.ts'
import { GetObjectLegalHoldCommand, GetObjectRetentionCommand, GetObjectTaggingCommand } from './sdk.ts'

type Input = ReturnType<typeof objectInput>
/** `secret`: the key may set it, and may not see it. */
type Difference = string | 'secret' | undefined

// The object is there already: whoever waits shall not wait for an hour.
const askForMs = 30_000
// Times are kept to the second, or to less.
const roundingMs = 1000

/**
 * Asks whether an object got what it was stored with: some stores overlook a wish and say nothing. A lock that is not
 * there is a Failure 'unavailable'; an encryption or a tag that is missing is a warning.
 */
export async function confirmSettings(bucket: Bucket, key: string, head: Head, input: Input): Promise<void> {
  const url = urlIn(bucket, key)
  const { connection } = bucket
  const wanted = input.ServerSideEncryption
  if (wanted !== undefined && head.ServerSideEncryption === undefined) {
    connection.warn(`${url}: encryption by ${wanted} was asked for, and the store says of none`)
  }
  if (input.Tagging !== undefined) await confirmTags(bucket, key, head, input.Tagging.split('&').length)
  if (input.ObjectLockMode !== undefined) judgeLock(bucket, url, await lockDifference(bucket, key, head, input))
  if (input.ObjectLockLegalHoldStatus === 'ON') judgeLock(bucket, url, await holdDifference(bucket, key, head))
}

/** Whether more of an answer is looked at than DescribedHead has. */
export function asksForSettings({ Tagging, ObjectLockMode, ObjectLockLegalHoldStatus }: Input): boolean {
  return [Tagging, ObjectLockMode, ObjectLockLegalHoldStatus].some((wish) => wish !== undefined)
}

/** AWS counts them only for those who may read them. */
async function confirmTags(bucket: Bucket, key: string, head: Head, wanted: number): Promise<void> {
  const url = urlIn(bucket, key)
  const command = new GetObjectTaggingCommand(addressOf(bucket, key))
  const ask = () => bucket.connection.send(url, command, { retryForMs: askForMs })
  const found =
    head.TagCount ?? (await answerOf(ask, ({ TagSet = [] }) => TagSet.length).catch(() => 'secret' as const))
  if (found !== 'secret' && found !== wanted) {
    bucket.connection.warn(`${url}: ${found ?? 0} tags are in the store, ${wanted} were sent`)
  }
}

async function lockDifference(bucket: Bucket, key: string, head: Head, input: Input): Promise<Difference> {
  const { ObjectLockMode: wanted, ObjectLockRetainUntilDate: until = new Date(0) } = input
  const command = new GetObjectRetentionCommand(addressOf(bucket, key))
  const ask = () => bucket.connection.send(urlIn(bucket, key), command, { retryForMs: askForMs })
  const inHead = { Mode: head.ObjectLockMode, RetainUntilDate: head.ObjectLockRetainUntilDate }
  const found = inHead.Mode === undefined ? await answerOf(ask, ({ Retention }) => Retention) : inHead
  if (found === 'secret') return found
  if (found?.Mode !== wanted) return `its mode is ${found?.Mode ?? 'none'} in the store, ${wanted} was sent`
  const end = found?.RetainUntilDate
  if (end !== undefined && Number(end) >= Number(until) - roundingMs) return undefined
  return `it ends at ${end?.toISOString() ?? 'no time'} in the store, ${until.toISOString()} was sent`
}

async function holdDifference(bucket: Bucket, key: string, head: Head): Promise<Difference> {
  const command = new GetObjectLegalHoldCommand(addressOf(bucket, key))
  const ask = () => bucket.connection.send(urlIn(bucket, key), command, { retryForMs: askForMs })
  const found = head.ObjectLockLegalHoldStatus ?? (await answerOf(ask, ({ LegalHold }) => LegalHold?.Status))
  if (found === 'secret') return found
  return found === 'ON' ? undefined : `the legal hold is ${found ?? 'none'} in the store, ON was sent`
}

/** What the store has; a store that has none of it, or does not know the question, refuses with another status than 403. */
async function answerOf<Output, T>(
  ask: () => Promise<Output>,
  pick: (output: Output) => T | undefined,
): Promise<T | undefined | 'secret'> {
  try {
    return pick(await ask())
  } catch (error) {
    const status = error instanceof Failure ? statusOf(error.cause) : undefined
    if (status === 401 || status === 403) return 'secret'
    if ([400, 404, 405, 501].includes(status ?? 0)) return undefined
    throw error
  }
}

function judgeLock({ connection }: Bucket, url: string, difference: Difference): void {
  if (difference === undefined) return
  if (difference === 'secret') {
    // AWS refuses what it does not lock.
    connection.warn(`${url}: whether it is locked cannot be told: the key may not read locks (s3:GetObjectRetention)`)
    return
  }
  throw new Failure('unavailable', `${url}: was stored, but is not locked: ${difference}`, {
    hint: 'the object is whole, and anybody with a key can remove it: a store that keeps locks is needed',
  })
}
