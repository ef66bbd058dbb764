import type { InferredOptionTypes } from 'yargs'
import { Failure } from '../errors.ts'
import type { OptionSpecs } from './command.ts'
import { parsePair } from './store-options.ts'
import { parseFromOne, parseSize } from './units.ts'

/** How S3 is to keep a new object, and how it gets there. */
export const objectOptions = {
  estimated: {
    type: 'string',
    metavar: 'SIZE',
    coerce: parseSize,
    describe: 'the expected length: for the progress line, and in S3 for parts of one size',
  },
  'part-size': {
    type: 'string',
    alias: ['s', 'chunk-size'],
    metavar: 'SIZE',
    setting: 'CHUNK_SIZE',
    z3: true,
    coerce: parseSize,
    conflicts: 'estimated',
    group: 'S3',
    describe: 'parts of this size, instead of parts that grow from 8 MiB',
  },
  'max-parts': {
    type: 'string',
    metavar: 'N',
    coerce: parseFromOne,
    group: 'S3',
    describe: 'as many parts as the store allows (10,000)',
  },
  checksum: {
    choices: ['auto', 'crc64nvme', 'crc32c', 'crc32', 'md5'] as const,
    default: 'auto' as const,
    group: 'S3',
    describe: 'what the store checks every part with; auto finds out what it can',
  },
  resume: {
    type: 'boolean',
    default: false,
    describe: 'go on with an upload that broke, skipping equal parts; leave this one to be gone on with if it breaks',
  },
  'storage-class': {
    type: 'string',
    metavar: 'CLASS',
    setting: 'STORAGE_CLASS',
    z3: ['S3_STORAGE_CLASS', 'STORAGE_CLASS'],
    group: 'S3',
    describe: 'the storage class, such as STANDARD_IA',
  },
  sse: {
    choices: ['AES256', 'aws:kms', 'aws:kms:dsse'] as const,
    group: 'S3',
    describe: 'encryption by the store',
  },
  'sse-kms-key-id': { type: 'string', metavar: 'KEY', group: 'S3', describe: 'the key for aws:kms' },
  tag: {
    type: 'string',
    array: true,
    metavar: 'NAME=VALUE',
    default: [] as string[],
    group: 'S3',
    describe: 'a tag of the object; may be repeated',
  },
  acl: { type: 'string', metavar: 'ACL', group: 'S3', describe: 'a canned ACL such as bucket-owner-full-control' },
  'lock-mode': {
    choices: ['GOVERNANCE', 'COMPLIANCE'] as const,
    group: 'S3',
    describe: 'lock the object against removal, until --lock-until or for --lock-days',
  },
  'lock-until': {
    type: 'string',
    metavar: 'TIME',
    coerce: parseTime,
    conflicts: 'lock-days',
    group: 'S3',
    describe: 'the lock ends then, such as 2027-01-31T00:00:00Z',
  },
  'lock-days': {
    type: 'string',
    metavar: 'N',
    coerce: parseLockDays,
    group: 'S3',
    describe: 'the lock ends after so many days',
  },
} satisfies OptionSpecs

type ObjectArguments = InferredOptionTypes<typeof objectOptions>

const dayMs = 86_400_000

// Where it is not kept, nothing would tell that the object lacks it.
const keptByS3Alone = ['sse', 'sse-kms-key-id', 'tag', 'acl', 'lock-mode'] as const

/** What a new object in S3 gets, as the options say it. Throws 'usage' if another kind of store is asked to keep it. */
export function objectSettingsOf(args: ObjectArguments, scheme: string) {
  const lost = keptByS3Alone.find((name) => (args[name]?.length ?? 0) > 0)
  if (lost !== undefined && scheme !== 's3') {
    throw new Failure('usage', `--${lost}: only S3 keeps this`, { hint: 'leave it out, or store in s3://bucket' })
  }
  const lockUntil = lockUntilOf(args)
  if ((lockUntil === undefined) !== (args['lock-mode'] === undefined)) {
    throw new Failure('usage', '--lock-mode belongs together with --lock-until or --lock-days')
  }
  return {
    estimatedBytes: args.estimated,
    partBytes: args['part-size'],
    maxParts: args['max-parts'],
    checksum: args.checksum,
    object: {
      storageClass: args['storage-class'],
      sse: args.sse,
      kmsKeyId: args['sse-kms-key-id'],
      tags: args.tag.length === 0 ? undefined : Object.fromEntries(args.tag.map(parsePair)),
      acl: args.acl,
      lockMode: args['lock-mode'],
      lockUntil,
    },
  }
}

function lockUntilOf(args: ObjectArguments): Date | undefined {
  const days = args['lock-days']
  return days === undefined ? args['lock-until'] : new Date(Date.now() + days * dayMs)
}

// As long as S3 can lock.
const mostLockDays = 36_500

function parseLockDays(text: string): number {
  const days = parseFromOne(text)
  if (days <= mostLockDays) return days
  throw new Failure('usage', `'${text}' is more than ${mostLockDays} days`)
}

function parseTime(text: string): Date {
  const [day] = /^\d{4}-\d{2}-\d{2}/.exec(text) ?? []
  const time = new Date(text)
  if (day !== undefined && isInCalendar(day) && !Number.isNaN(time.getTime())) return time
  throw new Failure('usage', `'${text}' is not a time`, { hint: 'times look like 2027-01-31 or 2027-01-31T12:00:00Z' })
}

/** The 31st of a shorter month would be a day of the next, and nobody shortens a lock. */
function isInCalendar(day: string): boolean {
  const ms = Date.parse(`${day}T00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day)
}
