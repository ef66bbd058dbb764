import type { S3StoreOptions } from '../../../src/store/s3/s3-options.ts'
import { S3Store } from '../../../src/store/s3/s3-store.ts'
import type { StandInOptions } from '../../fakes/s3-server/server.ts'
import { standInWithBucket } from '../../fakes/s3-server/started.ts'
import type { S3Server } from '../../s3-hosts/servers.ts'

export const mib = 2 ** 20

/** Our store in a bucket of a server. */
export function storeOn(server: S3Server, bucket: string, options: S3StoreOptions = {}): S3Store {
  const { endpoint, region, accessKey: accessKeyId, secretKey: secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  return new S3Store(bucket, '', { endpoint, region, credentials, retryForMs: 20_000, idleMs: 2000, ...options })
}

/** Our store on a stand-in of its own. */
export async function openTestStore(options: S3StoreOptions = {}, limits: StandInOptions = {}) {
  const { standIn, name, client } = await standInWithBucket(limits)
  return { store: storeOn(standIn, name, options), standIn, name, client, bucket: standIn.bucket(name) }
}
