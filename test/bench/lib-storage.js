// The plain way: stdin into an object by the SDK's Upload, or an object to stdout. URL and key as arguments.
import { pipeline } from 'node:stream/promises'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'

const [, , what, endpoint, bucket, key] = process.argv
const client = new S3Client({ ...(endpoint && { endpoint }), forcePathStyle: true })
const target = { Bucket: bucket, Key: key }
if (what === 'put') await new Upload({ client, params: { ...target, Body: process.stdin } }).done()
else {
  const { Body } = await client.send(new GetObjectCommand(target))
  await pipeline(/** @type {NodeJS.ReadableStream} */ (Body), process.stdout)
}
