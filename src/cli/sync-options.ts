import { Failure } from '../errors.ts'
import type { OptionSpecs } from './command.ts'
import { parseDuration } from './units.ts'

/** How both ends of a replication over a network find and trust each other. */
export const connectionOptions = {
  key: {
    type: 'string',
    metavar: 'FILE',
    describe: 'the key file that the other end has too; zfsync-recv --new-key makes one',
  },
  'tls-cert': {
    type: 'string',
    metavar: 'FILE',
    describe: 'our certificate, in PEM, in place of a shared key',
  },
  'tls-key': { type: 'string', metavar: 'FILE', describe: "our certificate's private key, in PEM" },
  'tls-ca': {
    type: 'string',
    metavar: 'FILE',
    describe: "certificates, in PEM, of the authorities that sign the other end's",
  },
  insecure: {
    type: 'boolean',
    default: false,
    describe: 'over TCP without a key or a certificate: neither encrypted nor authenticated',
  },
  timeout: {
    type: 'string',
    metavar: 'DURATION',
    default: '60s',
    coerce: parseTimeout,
    describe: 'how long the other end may be silent before it is given up',
  },
} satisfies OptionSpecs

/** Those that say whom to trust over TCP: they mean nothing to a dialogue that goes another way. */
export const trustOptionNames = ['key', 'tls-cert', 'tls-key', 'tls-ca', 'insecure']

/** What of a tree is sent. */
export const contentOptions = {
  'all-snapshots': {
    type: 'boolean',
    default: true,
    describe: 'send only the newest snapshot of each dataset, not those before it',
  },
  'skip-unchanged': {
    type: 'boolean',
    default: false,
    describe: 'leave out the newest snapshots if nothing was written since the one before them',
  },
  properties: {
    type: 'boolean',
    alias: 'p',
    default: false,
    describe: "send the datasets' properties too",
  },
  raw: {
    choices: ['auto', 'never'] as const,
    default: 'auto' as const,
    describe: 'auto: send encrypted datasets as they are on the disk; never: refuse them',
  },
} satisfies OptionSpecs

/** Files for whoever watches over a replication. */
export const monitoringOptions = {
  status: {
    type: 'string',
    metavar: 'DIR',
    describe: 'keep a file in this folder for each dataset that failed, until it is in sync again',
  },
  metrics: {
    type: 'string',
    metavar: 'FILE',
    describe: "write the outcome to this file too, for Prometheus' collector",
  },
} satisfies OptionSpecs

// The other end is heard of every 3 s: three times may be late.
const leastTimeoutMs = 10_000

function parseTimeout(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds >= leastTimeoutMs) return milliseconds
  throw new Failure('usage', `'${text}' is too short: 10s is the least`)
}
