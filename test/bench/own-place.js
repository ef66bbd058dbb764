import { mkdtempSync, rmSync } from 'node:fs'

/** A folder in memory, gone when the benchmark ends: the programs are compared, not disks. */
export function memoryFolder() {
  const folder = mkdtempSync('/dev/shm/zpipes-bench-')
  process.on('exit', () => rmSync(folder, { recursive: true }))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))
  return folder
}

/** For the programs that are started: nothing of this machine's settings, and no look for a cloud that it may run in. */
export function forgetSettings() {
  for (const name of Object.keys(process.env)) if (/^(AWS|RCLONE|ZPIPES)_/.test(name)) delete process.env[name]
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'y',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    RCLONE_CONFIG: '',
    ZPIPES_CONFIG: '/dev/null',
  })
}
