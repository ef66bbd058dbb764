import { randomBytes } from 'node:crypto'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { test as base, inject } from 'vitest'
import type { HostName, S3Server } from './servers.ts'

/** A new bucket on a server, and what reaches it. */
export interface Bucket {
  readonly server: S3Server
  readonly name: string
  /** The SDK on its own, to look at what our programs did. */
  readonly client: S3Client
  /** What our programs find the server with. */
  readonly environment: NodeJS.ProcessEnv
  url(key: string): string
  /** Puts an object there without our programs. */
  put(key: string, bytes: Uint8Array): Promise<unknown>
}

/** A test on a server that others wrote: `testOn('swift')('…', async ({ s3 }) => …)`. Skipped where it does not run. */
export function testOn(name: HostName) {
  return base.extend<{ s3: Bucket }>({
    s3: async ({ skip }, use) => {
      const server = inject('s3Hosts')[name]
      if ('lack' in server) return skip(server.lack)
      const bucket = await createBucket(server)
      await use(bucket)
      bucket.client.destroy()
    },
  })
}

export async function createBucket(server: S3Server, wishes: object = {}): Promise<Bucket> {
  const name = `test-${randomBytes(6).toString('hex')}`
  const client = clientOf(server)
  await client.send(new CreateBucketCommand({ Bucket: name, ...wishes }))
  return {
    ...{ server, name, client, environment: environmentOf(server) },
    url: (key) => `s3://${name}/${key}`,
    put: (Key, Body) => client.send(new PutObjectCommand({ Bucket: name, Key, Body })),
  }
}

export function clientOf({ endpoint, region, accessKey, secretKey }: S3Server, maxAttempts = 3): S3Client {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey }
  // Swift and radosgw know no checksums of the newer kind, and refuse them.
  const checksums = {
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  } as const
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts, ...checksums })
}

export function environmentOf({ endpoint, region, accessKey, secretKey }: S3Server): NodeJS.ProcessEnv {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
  }
}
