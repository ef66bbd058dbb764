import type { InferredArguments, OptionSpecs } from '../../cli/command.ts'
import { parseCount, parseFromOne, parseRate } from '../../cli/units.ts'
import { Failure } from '../../errors.ts'

export const positionals = {
  place: { describe: 'the source and the destination; before them, - for a list of names on stdin', many: true },
} as const

export const options = {
  number: {
    type: 'string',
    alias: 'n',
    metavar: 'N',
    coerce: parseCopies,
    defaultDescription: 'one for each processor',
    describe: 'copies at the same time, at most',
  },
  null: { type: 'boolean', alias: '0', describe: 'the names on stdin have a NUL behind them, not a newline' },
  exclude: {
    type: 'string',
    array: true,
    metavar: 'PATTERN',
    default: ['.zfs', '.snapshot*'],
    describe: 'leave out what has such a name, with all below it; may be repeated, and replaces .zfs and .snapshot*',
  },
  'no-fpart': { type: 'boolean', describe: 'do not look into folders: deal the names at the top alone' },
  'dry-run': { type: 'boolean', default: false, describe: 'copy nothing, tell what would be copied' },
  print: {
    type: 'boolean',
    conflicts: ['source-hosts', 'destination-hosts'],
    describe: 'copy nothing, write a command for each part to stdout',
  },
  verify: { choices: ['size', 'checksum'] as const, describe: 'compare all files when they are copied' },
  delete: { type: 'boolean', default: false, describe: 'at last, delete at the destination what the source has not' },
  'max-delete': {
    type: 'string',
    metavar: 'N',
    coerce: (text: string) => parseCount(text),
    implies: 'delete',
    describe: 'delete nothing if it would be more than so many names',
  },
  reuse: { type: 'boolean', default: false, describe: 'go on with what a run that was killed has left' },
  retries: {
    type: 'string',
    metavar: 'N',
    default: '3',
    coerce: (text: string) => parseCount(text),
    describe: 'try a failed part again so often',
  },
  bwlimit: { type: 'string', metavar: 'RATE', coerce: parseRate, describe: 'copy no more bytes a second, over all' },
  'rsync-flags': { type: 'string', metavar: 'FLAGS', default: '-aAX', describe: 'what rsync keeps of each file' },
  cloud: { type: 'boolean', default: false, describe: 'the destination is a remote of rclone: remote:bucket/path' },
  'rclone-config': { type: 'string', metavar: 'FILE', describe: "rclone's configuration" },
  'source-hosts': {
    type: 'string',
    alias: 'hosts',
    metavar: 'FILE',
    describe: 'let the hosts named in this file copy, over ssh; they have both folders under the same names',
  },
  'destination-hosts': {
    type: 'string',
    metavar: 'FILE',
    describe: 'copy to the hosts named in this file in turn; they share the destination',
  },
  ssh: {
    type: 'string',
    metavar: 'COMMAND',
    default: 'ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15',
    describe: 'how a host is reached',
  },
  'working-dir': {
    type: 'string',
    metavar: 'DIR',
    default: '~/dsync_working',
    describe: 'where lists and the books of a run are kept',
  },
  'log-output': {
    type: 'string',
    metavar: 'DIR',
    describe: 'keep what the copying programs say in files there, one for each part',
  },
} satisfies OptionSpecs

export type Arguments = InferredArguments<typeof options, typeof positionals>

// Each is a program and its memory; more would be a slip of the finger.
const mostCopies = 1000

function parseCopies(text: string): number {
  const copies = parseFromOne(text)
  if (copies <= mostCopies) return copies
  throw new Failure('usage', `'${text}' is too many: ${mostCopies} copies at the same time are the most`)
}
