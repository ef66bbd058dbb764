/** What the configuration files may set, over all programs. An option that names one of these reads it. */
export const settingNames = [
  'BUCKET',
  'CA_BUNDLE',
  'CHUNK_SIZE',
  'COMPRESSOR',
  'CONCURRENCY',
  'CONFIG',
  'ENDPOINT',
  'FILESYSTEM',
  'GPG_RECIPIENT',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'MAX_RETRIES',
  'NO_PROXY',
  'PROFILE',
  'S3_KEY_ID',
  'S3_PREFIX',
  'S3_SECRET',
  'SNAPSHOT_PREFIX',
  'STORAGE_CLASS',
  'STORE',
] as const

export type SettingName = (typeof settingNames)[number]

/** Names in z3's files that are not ours too. A z3 file copied to zpipes.conf stays valid. */
export const z3OnlyNames = [
  'HOST',
  'S3_STORAGE_CLASS',
  'GPG_KEYID',
  'KEEP_NUM_FULL_SNAPSHOTS',
  'SKIP_CONFIG_FILE',
] as const

export function isKnownSetting(name: string): boolean {
  return [...settingNames, ...z3OnlyNames].some((known) => known === name)
}

/** The variable of ours that sets it: `ZPIPES_BUCKET`. */
export function variableOf(name: SettingName): string {
  return `ZPIPES_${name}`
}
