import { expect, test } from 'vitest'
import { putStream } from '../../../src/store/put-stream.ts'
import type { S3StoreOptions } from '../../../src/store/s3/s3-options.ts'
import { wasBegunInOtherClass } from '../../../src/store/s3/settings-differences.ts'
import type { Metadata } from '../../../src/store/store.ts'
import type { Input } from '../../../src/stream/input.ts'
import { Transfer } from '../../../src/stream/transfer.ts'
import { brokenInput, inputOf, randomBytes } from '../../fakes/inputs.ts'
import { s3 } from '../../fakes/s3-server/dialect.ts'
import type { StandInOptions } from '../../fakes/s3-server/server.ts'
import { standInWithBucket } from '../../fakes/s3-server/started.ts'
import { mib, storeOn } from './store-on.ts'

interface Run extends S3StoreOptions {
  readonly metadata?: Metadata
}

const whole = randomBytes(12 * mib)
const asBegun = 's3://bucket/k: is as the broken upload was begun: '

/** A run that breaks in its third part, and one with other wishes that goes on with it. */
async function resumed(first: Run, second: Run, options: StandInOptions = {}, bytes: Uint8Array = whole) {
  const { standIn, name } = await standInWithBucket(options)
  const warnings: string[] = []
  const transfer = new Transfer()
  const put = ({ metadata = {}, ...wishes }: Run, input: Input) => {
    // On a busy machine a part that is slow would be sent twice.
    const own = { partBytes: 5 * mib, idleMs: 60_000, onWarning: (message: string) => void warnings.push(message) }
    const options = { overwrite: false, allowEmpty: false, resume: true, metadata: () => metadata, transfer }
    return putStream(storeOn(standIn, name, { ...own, ...wishes }), 'k', input, options)
  }
  await expect(put(first, brokenInput(bytes, bytes.length - mib))).rejects.toThrow('broke')
  const before = standIn.handled.length
  transfer.reusedBytes = 0
  const result = await put(second, inputOf(bytes)).catch((error: Error) => error.message.replaceAll(name, 'bucket'))
  const bucket = standIn.bucket(name)
  return {
    result,
    warnings: warnings.map((text) => text.replaceAll(name, 'bucket')),
    reusedMib: transfer.reusedBytes / mib,
    stored: bucket.objects.get('k')!,
    uploadsLeft: bucket.uploads.size,
    changes: standIn.handled.slice(before).filter(({ operation }) => /^PutObject./.test(operation)),
  }
}

const lock = (day: string) => ({ lockMode: 'COMPLIANCE' as const, lockUntil: new Date(`2099-01-${day}T00:00:00Z`) })

test('tags, ACL, lock and legal hold are those of the last run', async () => {
  const first = { object: { tags: { a: '1' }, acl: 'private', ...lock('10') } }
  const tags = { a: '2', who: 'x y&z' }
  const second = { object: { tags, acl: 'bucket-owner-full-control', legalHold: true, ...lock('31') } }
  const { warnings, reusedMib, stored, changes } = await resumed(first, second)
  expect({ warnings, reusedMib }).toEqual({ warnings: [], reusedMib: 10 })
  expect(stored.headers).toMatchObject({
    'x-amz-tagging': 'a=2&who=x+y%26z',
    'x-amz-acl': 'bucket-owner-full-control',
    'x-amz-object-lock-mode': 'COMPLIANCE',
    'x-amz-object-lock-retain-until-date': expect.stringMatching(/^2099-01-31T00:00:00(\.000)?Z$/),
    'x-amz-object-lock-legal-hold': 'ON',
  })
  expect(changes.map(({ operation }) => operation).toSorted()).toEqual([
    'PutObjectAcl',
    'PutObjectLegalHold',
    'PutObjectRetention',
    'PutObjectTagging',
  ])
  expect(stored.bytes.equals(whole)).toBe(true)
})

test('a lock that lasts longer than the last run asks for stays', async () => {
  const { warnings, stored, changes } = await resumed({ object: lock('31') }, { object: lock('10') })
  expect({ warnings, changes }).toEqual({ warnings: [], changes: [] })
  expect(stored.headers['x-amz-object-lock-retain-until-date']).toMatch(/^2099-01-31/)
})

test('what cannot be given anew is told', async () => {
  const first = { metadata: { note: 'first', old: 'ä' }, object: { sse: 'AES256', tags: { a: '1' } } }
  const second = { metadata: { note: 'second', new: 'x' }, object: { kmsKeyId: 'key/2', storageClass: 'STANDARD_IA' } }
  const { warnings, reusedMib, result } = await resumed(first, second)
  expect(warnings).toEqual([
    asBegun +
      [
        'note=first instead of second',
        'old=ä instead of (none)',
        'new=(none) instead of x',
        'storage class STANDARD instead of STANDARD_IA',
        'encryption AES256 instead of aws:kms',
        'number of tags 1 instead of 0',
      ].join('; '),
  ])
  expect([reusedMib, (result as { metadata: Metadata }).metadata]).toEqual([10, { note: 'first', old: 'ä' }])
})

test('another KMS key is told, also where one is named by its ARN; of an alias nothing can be', async () => {
  const arn = 'arn:aws:kms:us-east-1:1:key/one'
  const byId = await resumed({ object: { kmsKeyId: arn } }, { object: { kmsKeyId: 'one' } })
  const another = await resumed({ object: { kmsKeyId: arn } }, { object: { kmsKeyId: 'two' } })
  const alias = await resumed({ object: { kmsKeyId: arn } }, { object: { kmsKeyId: 'alias/two' } })
  expect([byId.warnings, alias.warnings]).toEqual([[], []])
  expect(another.warnings).toEqual([`${asBegun}KMS key one instead of two`])
})

test('where nothing differs nothing is told or changed', async () => {
  const run = { metadata: { note: 'ä=1' }, object: { sse: 'aws:kms', kmsKeyId: 'key', storageClass: 'GLACIER' } }
  const { warnings, reusedMib, changes } = await resumed(run, run)
  expect({ warnings, reusedMib, changes }).toEqual({ warnings: [], reusedMib: 10, changes: [] })
})

test('an upload of another storage class is begun anew', async () => {
  const { warnings, reusedMib, stored, uploadsLeft } = await resumed(
    { object: { storageClass: 'GLACIER' } },
    { object: { storageClass: 'STANDARD_IA' } },
  )
  expect(warnings).toEqual([
    's3://bucket/k: the broken upload is of storage class GLACIER: a new one of STANDARD_IA is begun',
  ])
  expect({ reusedMib, uploadsLeft }).toEqual({ reusedMib: 0, uploadsLeft: 0 })
  expect(stored.headers['x-amz-storage-class']).toBe('STANDARD_IA')
})

test.each([
  ['STANDARD', 'GLACIER', true, true],
  // As other stores list all uploads.
  ['STANDARD', 'GLACIER', false, false],
  ['GLACIER', 'STANDARD', false, true],
  ['GLACIER', 'GLACIER', true, false],
  ['GLACIER', undefined, true, false],
  [undefined, 'GLACIER', true, false],
] as const)(
  'an upload listed with %s, where %s is wanted, on AWS: %s; begun anew: %s',
  (listed, wanted, isAws, isOther) => {
    expect(wasBegunInOtherClass(listed, wanted, isAws)).toBe(isOther)
  },
)

test('part sizes that are not those of the record are told', async () => {
  const bytes = randomBytes(25 * mib, 2)
  const { warnings, stored } = await resumed(
    { partBytes: 8 * mib, maxParts: 10 },
    { partBytes: undefined, maxParts: 10 },
    {},
    bytes,
  )
  expect(warnings).toEqual([expect.stringMatching(/: part sizes 10x8388608 instead of 1x8388608,1x16777216,/)])
  expect(stored.parts.map((part) => part.bytes.length / mib)).toEqual([8, 16, 1])
})

test('what the key may not change is told; a lock that is too short is a failure', async () => {
  const dialect = { ...s3, deniesChanges: true }
  const denied = (what: string) =>
    `${what} of s3://bucket/k: AccessDenied: Access Denied: left as the broken upload was begun`
  const tagged = await resumed({ object: { tags: { a: '1' } } }, { object: { tags: { a: '2', b: '3' } } }, { dialect })
  expect(tagged.warnings).toEqual([denied('the tags'), 's3://bucket/k: 1 tags are in the store, 2 were sent'])
  const locked = await resumed({ object: lock('10') }, { object: lock('31') }, { dialect })
  expect(locked.warnings).toEqual([denied('the lock')])
  expect(locked.result).toMatch(/^s3:\/\/bucket\/k: was stored, but is not locked: it ends at 2099-01-10/)
})
