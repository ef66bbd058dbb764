/** The operations of the API reference that our programs may use. */
export type Operation =
  | 'AbortMultipartUpload'
  | 'CompleteMultipartUpload'
  | 'CreateBucket'
  | 'CreateMultipartUpload'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'GetBucketLocation'
  | 'GetObject'
  | 'GetObjectAttributes'
  | 'GetObjectLegalHold'
  | 'GetObjectRetention'
  | 'GetObjectTagging'
  | 'HeadBucket'
  | 'HeadObject'
  | 'ListMultipartUploads'
  | 'ListObjectsV2'
  | 'ListParts'
  | 'PutObject'
  | 'PutObjectAcl'
  | 'PutObjectLegalHold'
  | 'PutObjectRetention'
  | 'PutObjectTagging'
  | 'UploadPart'

/** `METHOD b?query` for a bucket, `METHOD k?query` for a key. Of the queries, the first that a request has decides. */
const operations: Readonly<Record<string, Operation>> = {
  'PUT b': 'CreateBucket',
  'HEAD b': 'HeadBucket',
  'GET b?location': 'GetBucketLocation',
  'GET b?uploads': 'ListMultipartUploads',
  'GET b': 'ListObjectsV2',
  'POST b?delete': 'DeleteObjects',
  'POST k?uploads': 'CreateMultipartUpload',
  'PUT k?uploadId': 'UploadPart',
  'POST k?uploadId': 'CompleteMultipartUpload',
  'DELETE k?uploadId': 'AbortMultipartUpload',
  'GET k?uploadId': 'ListParts',
  'GET k?attributes': 'GetObjectAttributes',
  'GET k?legal-hold': 'GetObjectLegalHold',
  'GET k?retention': 'GetObjectRetention',
  'GET k?tagging': 'GetObjectTagging',
  'PUT k': 'PutObject',
  'PUT k?acl': 'PutObjectAcl',
  'PUT k?legal-hold': 'PutObjectLegalHold',
  'PUT k?retention': 'PutObjectRetention',
  'PUT k?tagging': 'PutObjectTagging',
  'GET k': 'GetObject',
  'HEAD k': 'HeadObject',
  'DELETE k': 'DeleteObject',
}

const deciding = [
  ...['location', 'uploads', 'delete', 'uploadId'],
  ...['acl', 'attributes', 'legal-hold', 'retention', 'tagging'],
]

/** Bucket and key of a target such as `/bucket/key?uploadId=x`, or `/key` at the host `bucket.s3.…`, decoded, with its query. */
export function parseTarget(target: string, host = '') {
  const [path = '', search = ''] = target.split(/\?(.*)/s)
  const [, ofHost] = /^(.+)\.s3\./.exec(host) ?? []
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(ofHost === undefined ? path : `/${ofHost}${path}`) ?? []
  return { path, bucket, key: decodeURIComponent(key), query: new URLSearchParams(search), search }
}

/** What a request asks for; undefined if it is nothing that is known here. */
export function operationOf(method: string, target: string, host?: string): Operation | undefined {
  const { bucket, key, query } = parseTarget(target, host)
  if (bucket === '') return undefined
  const word = deciding.find((name) => query.has(name))
  return operations[`${method} ${key === '' ? 'b' : 'k'}${word === undefined ? '' : `?${word}`}`]
}
