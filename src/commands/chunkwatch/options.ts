import type { InferredArguments, OptionSpecs } from '../../cli/command.ts'
import { storeOptions } from '../../cli/store-options.ts'
import { bandwidthOption } from '../../cli/timetable.ts'
import { parseCount, parseDuration, parseFromOne, parseSize } from '../../cli/units.ts'

export const positionals = {
  source: { describe: "the directory that the chunks appear in; '-' takes names of complete files from stdin" },
  destination: {
    describe: 'a store: file:///dir, s3://bucket/prefix or rclone:remote:path',
    optional: true as const,
  },
}

export const options = {
  jobs: {
    type: 'string',
    alias: 'j',
    metavar: 'N',
    default: '30',
    coerce: parseFromOne,
    conflicts: 'join',
    describe: 'ship so many chunks at once',
  },
  settle: {
    type: 'string',
    metavar: 'DURATION',
    default: '5s',
    coerce: parseDuration,
    conflicts: 'join',
    describe: 'a file is complete when nobody writes to it and it has not changed for so long',
  },
  once: {
    type: 'boolean',
    default: false,
    conflicts: ['join', 'until-end', 'split'],
    describe: 'end when all that is there has been shipped',
  },
  'until-end': {
    type: 'boolean',
    default: false,
    conflicts: 'join',
    describe: 'end when the stream is known to be whole',
  },
  count: {
    type: 'string',
    metavar: 'N',
    coerce: parseFromOne,
    conflicts: 'join',
    describe: 'the stream is whole when so many chunks are proven',
  },
  stream: { type: 'string', metavar: 'NAME', describe: 'keep the chunks and their manifest below this name' },
  state: {
    type: 'string',
    metavar: 'DIR',
    conflicts: 'join',
    describe: "where files.md5 and files.manifest are: the source itself if not given, the current directory for '-'",
  },
  null: {
    type: 'boolean',
    alias: '0',
    default: false,
    conflicts: 'join',
    describe: 'names from stdin end in NUL, not in a newline',
  },
  retries: {
    type: 'string',
    metavar: 'N',
    coerce: parseCount,
    conflicts: 'join',
    describe: 'give a chunk up after so many retries; for ever if not given',
  },
  split: {
    type: 'string',
    metavar: 'SIZE',
    coerce: parseSize,
    conflicts: 'join',
    describe: 'cut stdin into chunks of this size in the source directory',
  },
  name: {
    type: 'string',
    metavar: 'PREFIX',
    default: 'x',
    conflicts: 'join',
    describe: 'what the names of the chunks of --split begin with',
  },
  'max-backlog': {
    type: 'string',
    metavar: 'SIZE',
    coerce: parseSize,
    conflicts: 'join',
    describe: 'let --split wait while so much is not shipped yet; or others, with --pause-writer',
  },
  'pause-writer': {
    type: 'boolean',
    default: false,
    conflicts: ['join', 'split'],
    describe: 'at --max-backlog, stop the processes that write the chunks (SIGSTOP) until a quarter of it is shipped',
  },
  join: { type: 'boolean', default: false, describe: 'write the chunks of a destination to stdout as one stream' },
  from: { type: 'string', metavar: 'CHUNK', implies: 'join', describe: 'let --join begin with this chunk' },
  'read-back': {
    type: 'boolean',
    default: true,
    conflicts: 'join',
    describe: 'read every part back and compare it, in a store that computes no checksums itself',
  },
  metrics: {
    type: 'string',
    metavar: 'FILE',
    conflicts: 'join',
    describe: "write the state to this file every 10 s, for Prometheus' collector",
  },
  json: {
    type: 'boolean',
    conflicts: 'join',
    describe: 'write what happens to stdout as lines of JSON, each with a schema number',
  },
  bwlimit: bandwidthOption,
  ...storeOptions,
} satisfies OptionSpecs

export type Arguments = InferredArguments<typeof options, typeof positionals>
