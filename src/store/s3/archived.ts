import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../errors.ts'
import { addressOf, type Bucket, urlIn } from './bucket.ts'
import { type Head, headObject } from './head.ts'
import type { RestoreWish } from './s3-options.ts'
import { RestoreObjectCommand } from './sdk.ts'

// A restoration takes from minutes to two days.
const askAgainMs = 60_000

/** The head of an object that can be read now: one that is archived is restored if that is wished, else a Failure 'retry'. */
export async function readableHead(
  bucket: Bucket,
  key: string,
  head: Head,
  wish: RestoreWish | undefined,
  signal: AbortSignal | undefined,
): Promise<Head> {
  const state = stateOf(head)
  if (state === 'readable') return head
  const url = urlIn(bucket, key)
  if (wish === undefined) throw archived(url, head, state)
  if (state === 'archived') await askForIt(bucket, key, wish)
  for (let latest: Head | undefined = head; latest !== undefined; latest = await headObject(bucket, key)) {
    if (stateOf(latest) === 'readable') return latest
    await sleep(wish.askAgainMs ?? askAgainMs, undefined, { signal }).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw error
    })
  }
  throw new Failure('unavailable', `${url}: was removed while it was being restored`)
}

function stateOf({ StorageClass, ArchiveStatus, Restore }: Head): 'readable' | 'archived' | 'under way' {
  if (Restore?.includes('ongoing-request="true"')) return 'under way'
  const isArchived = StorageClass === 'GLACIER' || StorageClass === 'DEEP_ARCHIVE' || ArchiveStatus !== undefined
  return isArchived && !Restore?.includes('ongoing-request="false"') ? 'archived' : 'readable'
}

function archived(url: string, { StorageClass, ArchiveStatus }: Head, state: 'archived' | 'under way'): Failure {
  const hint =
    state === 'archived'
      ? '--wait-restore asks for it and waits, which takes hours; or restore it with aws s3api restore-object'
      : 'its restoration is under way: try again later, or wait with --wait-restore'
  return new Failure('retry', `${url}: is archived (${ArchiveStatus ?? StorageClass})`, { hint })
}

async function askForIt(bucket: Bucket, key: string, { days, tier }: RestoreWish): Promise<void> {
  const command = new RestoreObjectCommand({
    ...addressOf(bucket, key),
    RestoreRequest: { Days: days, GlacierJobParameters: { Tier: tier } },
  })
  try {
    await bucket.connection.send(`the restoration of ${urlIn(bucket, key)}`, command)
  } catch (error) {
    // Another program has asked already.
    const isUnderWay = error instanceof Failure && (error.cause as Error).name === 'RestoreAlreadyInProgress'
    if (!isUnderWay) throw error
  }
}
