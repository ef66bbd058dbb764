import { type Command, defineCommand, type OptionSpecs } from '../../../src/cli/command.ts'
import { defineSuite } from '../../../src/cli/suite.ts'
import { parseSize } from '../../../src/cli/units.ts'

const sampleOptions = {
  size: {
    type: 'string',
    alias: ['s', 'chunk-size'],
    metavar: 'SIZE',
    setting: 'CHUNK_SIZE',
    z3: true,
    coerce: parseSize,
    conflicts: 'estimated',
    describe: 'the size of parts',
  },
  estimated: { type: 'string', metavar: 'SIZE', coerce: parseSize, describe: 'the expected length' },
  count: { type: 'number', metavar: 'N', default: 4, setting: 'CONCURRENCY', describe: 'how many at once' },
  meta: { type: 'string', array: true, metavar: 'KEY=VALUE', default: [], describe: 'keep this too' },
  format: {
    choices: ['auto', 'zfs'],
    default: 'auto',
    setting: 'COMPRESSOR',
    z3: ['Z3_FORMAT'],
    describe: 'auto: guess; zfs: a ZFS stream',
  },
  check: { type: 'boolean', default: true, describe: 'check it' },
  force: { type: 'boolean', alias: 'f', describe: "don't ask" },
  file: { type: 'string', alias: 'o', metavar: 'FILE', describe: 'write here' },
  dataset: { type: 'string', metavar: 'NAME', namesDataset: true, implies: 'bucket', describe: 'whose settings' },
  bucket: {
    type: 'string',
    metavar: 'NAME',
    setting: 'BUCKET',
    z3: true,
    group: 'Store:',
    describe: '.a bucket \\ of the store',
  },
  secret: { type: 'string', setting: 'S3_SECRET', z3: true, flag: false, describe: 'the secret key' },
  inner: { type: 'boolean', hidden: true, describe: 'not for users' },
} satisfies OptionSpecs

/** A program with an option of every kind. */
export const sample: Command = defineCommand({
  name: 'sample-cmd',
  summary: 'show every kind of option',
  synopsis: ['[options] key [place]', '[options] key -- command [argument ...]'],
  positionals: { key: { describe: 'what' }, place: { describe: 'where', optional: true } },
  options: sampleOptions,
  examples: [['sample-cmd x', 'the shortest call']],
  stdin: 'binary',
  stdout: 'text',
  async run() {},
})

/** The same without a command after `--`. */
export const plainSample: Command = { ...sample, synopsis: ['[options] key [place]'] }

/** A program with verbs, one of which takes names of snapshots. */
export const sampleSuite: Command = defineSuite({
  name: 'sample-suite',
  summary: 'show verbs',
  verbs: [
    { ...sample, name: 'first', positionals: {}, synopsis: ['[options]'] },
    defineCommand({
      name: 'second',
      summary: "take names, and don't ask",
      synopsis: ['[options] [dataset ...]'],
      positionals: { dataset: { describe: 'which', optional: true, many: true, completes: 'snapshot' } },
      options: { format: sampleOptions.format, depth: { type: 'number', metavar: 'N', describe: 'how deep' } },
      examples: [['sample-suite second tank', 'see it']],
      stdin: 'none',
      stdout: 'text',
      async run() {},
    }),
    { ...sample, name: 'other', positionals: {}, options: {}, synopsis: ['[options]'] },
  ],
})
