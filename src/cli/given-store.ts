import type { InferredOptionTypes } from 'yargs'
import { backupOptions } from './backup-options.ts'
import type { OptionSpecs } from './command.ts'

const { filesystem: _filesystem, bucket: _bucket, 's3-prefix': _prefix, store, ...connection } = backupOptions
const { setting: _setting, ...given } = store

/** A store that counts only where the command line names it: a verb for what is here does not reach out by a setting. */
export const givenStoreOptions = { store: given, ...connection } satisfies OptionSpecs

type Given = InferredOptionTypes<typeof givenStoreOptions>

/** The same for whoever opens the store of backups. */
export function givenStoreOf<Arguments extends Given>(args: Arguments) {
  return { ...args, filesystem: undefined, bucket: undefined, 's3-prefix': '' }
}
