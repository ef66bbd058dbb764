import type { InferredOptionTypes } from 'yargs'
import { Failure } from '../errors.ts'
import type { OptionSpecs } from './command.ts'
import { storeOptions, storeUrlOf } from './store-options.ts'

/** Where backups are and whose they are, for every verb that deals with them. The settings are z3's. */
export const backupOptions = {
  filesystem: {
    type: 'string',
    alias: 'dataset',
    metavar: 'DATASET',
    setting: 'FILESYSTEM',
    z3: true,
    namesDataset: true,
    describe: 'the dataset, where none is named',
  },
  's3-prefix': {
    type: 'string',
    metavar: 'PREFIX',
    setting: 'S3_PREFIX',
    z3: true,
    default: 'z3-backup',
    group: 'S3',
    describe: 'what keys in a bucket begin with, where no store is given',
  },
  ...storeOptions,
} satisfies OptionSpecs

type BackupArguments = InferredOptionTypes<typeof backupOptions>

/** The store of backups: the one that is given, or z3's place in a bucket. */
export function backupStoreUrlOf(args: BackupArguments): string {
  if (args.store !== undefined) return args.store
  const bucket = storeUrlOf(args)
  if (bucket !== undefined) return `${bucket}/${args['s3-prefix']}`
  throw new Failure('usage', 'no store is given', {
    hint: '--store file:///dir or s3://bucket/prefix, or the setting STORE',
  })
}

/** The dataset that is named, or the setting's. */
export function datasetOf(named: string | undefined, { filesystem }: BackupArguments): string {
  const dataset = named ?? filesystem
  if (dataset !== undefined) return dataset
  throw new Failure('usage', 'no dataset is named', { hint: 'name one, or set FILESYSTEM' })
}
