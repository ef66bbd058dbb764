import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { checksumMembers } from './part-checksum.ts'

const fields = {
  ...Object.fromEntries(Object.entries(checksumMembers).map(([name, member]) => [`x-amz-checksum-${name}`, member])),
  'x-amz-checksum-sha256': 'ChecksumSHA256',
  'x-amz-checksum-type': 'ChecksumType',
  'x-amz-server-side-encryption': 'ServerSideEncryption',
  'x-amz-server-side-encryption-customer-algorithm': 'SSECustomerAlgorithm',
  etag: 'ETag',
} as const satisfies Record<string, string>

/** What of an answer to HeadObject tells which object it is; the SDK's names. */
export type DescribedHead = Pick<
  HeadObjectCommandOutput,
  | 'ContentLength'
  | 'ETag'
  | 'LastModified'
  | 'Metadata'
  | 'ServerSideEncryption'
  | 'SSECustomerAlgorithm'
  | 'ChecksumType'
  | 'ChecksumCRC64NVME'
  | 'ChecksumCRC32C'
  | 'ChecksumCRC32'
  | 'ChecksumSHA256'
>

const own = 'x-amz-meta-'

/** The same as the SDK makes of these headers, their names in lower case. */
export function describedIn(headers: Readonly<Record<string, string>>): DescribedHead {
  const entries = Object.entries(headers)
  const metadata = entries.flatMap(([name, value]) => (name.startsWith(own) ? [[name.slice(own.length), value]] : []))
  const members = Object.entries(fields).flatMap(([name, member]) => {
    const value = headers[name]
    return value === undefined ? [] : [[member, value]]
  })
  const [length, time] = [headers['content-length'], Date.parse(headers['last-modified'] ?? '')]
  return {
    ...Object.fromEntries(members),
    ...(length === undefined ? {} : { ContentLength: Number(length) }),
    ...(Number.isNaN(time) ? {} : { LastModified: new Date(time) }),
    Metadata: Object.fromEntries(metadata),
  }
}
