import { Failure } from '../../errors.ts'
import { addressOf, type Bucket, urlIn } from './bucket.ts'
import { type Head, headObject } from './head.ts'
import type { objectInput } from './object-input.ts'
import {
  PutObjectAclCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
} from './sdk.ts'
import { settingsDifferences } from './settings-differences.ts'

/*
 * What an object is to have is said when its upload begins, and S3 shows next to nothing of it before the object is there.
 * One whose upload was gone on with has what the run that began it asked for. Tags, an ACL and a lock can be given once
 * more, and are; of what else differs from what was asked for now it is told.
 */

type Input = ReturnType<typeof objectInput>

// The object is there already: whoever waits shall not wait for an hour.
const options = { retryForMs: 30_000 }

/** Of an object whose upload was gone on with. Resolves to what it is then. */
export async function renewSettings(
  bucket: Bucket,
  key: string,
  head: Head,
  input: Input,
  version: string | undefined,
): Promise<Head> {
  const url = urlIn(bucket, key)
  const { connection } = bucket
  const differences = settingsDifferences(head, input)
  if (differences.length > 0) connection.warn(`${url}: is as the broken upload was begun: ${differences.join('; ')}`)
  const address = { ...addressOf(bucket, key), ...(version === undefined ? {} : { VersionId: version }) }
  const renewals = [...describing(bucket, address, input), ...locking(bucket, address, head, input)]
  for (const [what, renew] of renewals) {
    await renew(`${what} of ${url}`).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error
      connection.warn(`${error.message}: left as the broken upload was begun`)
    })
  }
  return renewals.length === 0 ? head : ((await headObject(bucket, key)) ?? head)
}

type Address = ReturnType<typeof addressOf>
type Renewal = readonly [what: string, renew: (what: string) => Promise<unknown>]

function describing({ connection }: Bucket, address: Address, { Tagging, ACL }: Input): Renewal[] {
  const renewals: Renewal[] = []
  if (Tagging !== undefined) {
    const TagSet = [...new URLSearchParams(Tagging)].map(([Key, Value]) => ({ Key, Value }))
    const command = new PutObjectTaggingCommand({ ...address, Tagging: { TagSet } })
    renewals.push(['the tags', (what) => connection.send(what, command, options)])
  }
  if (ACL !== undefined) {
    const command = new PutObjectAclCommand({ ...address, ACL })
    renewals.push(['the ACL', (what) => connection.send(what, command, options)])
  }
  return renewals
}

function locking({ connection }: Bucket, address: Address, head: Head, input: Input): Renewal[] {
  const renewals: Renewal[] = []
  const { ObjectLockMode: Mode, ObjectLockRetainUntilDate: RetainUntilDate } = input
  // One that lasts longer stays as it is.
  const isLocked = head.ObjectLockMode === Mode && Number(head.ObjectLockRetainUntilDate) >= Number(RetainUntilDate)
  if (Mode !== undefined && RetainUntilDate !== undefined && !isLocked) {
    const command = new PutObjectRetentionCommand({ ...address, Retention: { Mode, RetainUntilDate } })
    renewals.push(['the lock', (what) => connection.send(what, command, options)])
  }
  if (input.ObjectLockLegalHoldStatus === 'ON' && head.ObjectLockLegalHoldStatus !== 'ON') {
    const command = new PutObjectLegalHoldCommand({ ...address, LegalHold: { Status: 'ON' } })
    renewals.push(['the legal hold', (what) => connection.send(what, command, options)])
  }
  return renewals
}
