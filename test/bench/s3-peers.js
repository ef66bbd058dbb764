// What else moves a stream to and from S3 by a pipe, as far as it is found on the PATH.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** @typedef {{ name: string, version: string, put: string, get: string }} Peer */

const script = fileURLToPath(new URL('lib-storage.js', import.meta.url))

/**
 * Those that are here, with the command lines that put stdin under `away/NAME` and get `kept/stream`; and the names of
 * those that are not. All at their defaults, but for rclone, which would look for the bucket first.
 * @param {string} endpoint @param {string} folder for a configuration file
 * @param {string} [authority] a file with the certificate of whoever vouches for the endpoint's; aws and rclone are told
 */
export function findPeers(endpoint, folder, authority) {
  const { host } = new URL(endpoint)
  const s3cmdSettings = `${folder}/s3cfg`
  const lines = ['[default]', 'access_key = x', 'secret_key = y', `host_base = ${host}`, `host_bucket = ${host}`]
  writeFileSync(s3cmdSettings, [...lines, 'use_https = False', ''].join('\n'))
  const remote = `":s3,provider=Other,env_auth=true,force_path_style=true,no_check_bucket=true,endpoint='${endpoint}':`
  const aws = `aws ${authority ? `--ca-bundle ${authority} ` : ''}--endpoint-url ${endpoint} s3 cp`
  const rclone = `rclone${authority ? ` --ca-cert ${authority}` : ''}`
  const s3cmd = `s3cmd -c ${s3cmdSettings} --no-progress`
  const node = `${process.execPath} ${script}`
  const all = [
    {
      name: 'aws s3 cp',
      version: said('aws --version'),
      put: `${aws} --quiet - s3://away/aws`,
      get: `${aws} s3://kept/stream -`,
    },
    {
      name: 'rclone rcat, cat',
      version: said('rclone version'),
      put: `${rclone} -q rcat ${remote}away/rclone"`,
      get: `${rclone} cat ${remote}kept/stream"`,
    },
    {
      name: 's3cmd put, get',
      version: said('s3cmd --version'),
      put: `${s3cmd} -q put - s3://away/s3cmd`,
      get: `${s3cmd} get s3://kept/stream -`,
    },
    {
      name: 'lib-storage Upload, SDK GetObject',
      version: libStorageVersion(),
      put: `${node} put ${endpoint} away lib-storage`,
      get: `${node} get ${endpoint} kept stream`,
    },
  ]
  return {
    found: all.filter(({ version }) => version !== ''),
    missing: all.filter(({ version }) => version === '').map(({ name }) => name),
  }
}

/** The first line a program says, or nothing if it is not here. @param {string} command */
function said(command) {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' })
  return status === 0 ? (`${stdout}${stderr}`.split('\n')[0] ?? '') : ''
}

function libStorageVersion() {
  try {
    return `lib-storage ${createRequire(import.meta.url)('@aws-sdk/lib-storage/package.json').version}`
  } catch {
    return ''
  }
}
