import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { freePort } from '../fakes/free-port.ts'
import { lackOfNamespaces, type Running, type Settings, startInNamespace } from './namespace.ts'

/** An S3 server and who may use it. */
export interface S3Server {
  /** `http://127.0.0.1:PORT`; buckets are the first name of the path. */
  readonly endpoint: string
  readonly region: string
  readonly accessKey: string
  readonly secretKey: string
}

export interface StartedServer extends S3Server, Running {}

/** A server that others wrote, as Debian packages it. */
interface Host {
  readonly script: string
  /** What has to be installed. */
  readonly programs: readonly string[]
  readonly accessKey: string
  /** The settings that want a free port each; PORT is where S3 is spoken. */
  readonly ports: readonly string[]
}

const hosts = {
  // Of the old kind: MD5 and SHA-256 are all it knows of checksums; If-None-Match at Complete, but not for a PUT.
  swift: {
    script: 'swift.sh',
    programs: [
      'swift-proxy-server',
      'swift-object-server',
      'swift-container-server',
      'swift-account-server',
      'memcached',
    ],
    accessKey: 'test:tester',
    ports: ['PORT', 'OBJECT_PORT', 'CONTAINER_PORT', 'ACCOUNT_PORT', 'CACHE_PORT'],
  },
  // If-None-Match for a PUT, but not at Complete; its multipart ETags are not the MD5 of MD5s.
  radosgw: {
    script: 'radosgw.sh',
    programs: ['ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin', 'monmaptool', 'ceph'],
    accessKey: 'tester',
    ports: ['PORT', 'MON_PORT', 'MON_PORT_V1'],
  },
} satisfies Record<string, Host>

export type HostName = keyof typeof hosts

export const hostNames = Object.keys(hosts) as readonly HostName[]

/** Why a server cannot run here, or undefined if it can. */
export function lackOf(name: HostName): string | undefined {
  const missing = hosts[name].programs.filter((program) => !isInstalled(program))
  return missing.length > 0 ? `${name} needs ${missing.join(', ')}` : lackOfNamespaces()
}

/** Starts a server with empty disks in a new folder. */
export async function startServer(name: HostName, folder: string): Promise<StartedServer> {
  const { script, accessKey, ports } = hosts[name]
  const secretKey = 'not-so-secret-in-a-test'
  const settings: Settings = Object.fromEntries(
    await Promise.all(ports.map(async (port) => [port, String(await freePort())])),
  )
  const credentials = { ACCESS_KEY: accessKey, SECRET_KEY: secretKey }
  const { stop } = await startInNamespace(script, join(folder, name), { ...settings, ...credentials })
  return { endpoint: `http://127.0.0.1:${settings['PORT']}`, region: 'us-east-1', accessKey, secretKey, stop }
}

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0
}
