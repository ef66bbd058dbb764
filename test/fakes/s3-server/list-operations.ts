import type { Handler, Upload } from './state.ts'
import { xml } from './xml.ts'

export const listParts: Handler = (request, bucket) => {
  const { query } = request
  const upload = bucket.upload(request)
  const marker = Number(query.get('part-number-marker') ?? 0)
  const maxParts = Math.min(1000, Number(query.get('max-parts') ?? 1000))
  const parts = [...upload.parts.values()].filter(({ number }) => number > marker)
  const page = parts.toSorted((a, b) => a.number - b.number).slice(0, maxParts)
  const result = {
    Bucket: request.bucket,
    Key: upload.key,
    UploadId: upload.id,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number,
    MaxParts: maxParts,
    IsTruncated: page.length < parts.length,
    StorageClass: classOf(upload),
    ChecksumAlgorithm: upload.algorithm,
    ChecksumType: upload.checksumType,
    Part: page.map(({ number, bytes, etag, checksum, lastModified }) => ({
      PartNumber: number,
      LastModified: lastModified.toISOString(),
      ETag: etag,
      Size: bytes.length,
      [`Checksum${checksum.algorithm}`]: checksum.value,
    })),
  }
  return { status: 200, body: xml('ListPartsResult', result) }
}

/** Sorted by key, then by the time of their beginning. */
export const listMultipartUploads: Handler = ({ bucket: name, query }, bucket) => {
  const prefix = query.get('prefix') ?? ''
  const keyMarker = query.get('key-marker') ?? ''
  const idMarker = query.get('upload-id-marker')
  const maxUploads = Math.min(1000, Number(query.get('max-uploads') ?? 1000))
  const all = [...bucket.uploads.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .toSorted((a, b) => (a.key === b.key ? a.initiated.getTime() - b.initiated.getTime() : a.key < b.key ? -1 : 1))
  const at = idMarker === null ? -1 : all.findIndex(({ id }) => id === idMarker)
  const after = at >= 0 ? all.slice(at + 1) : all.filter(({ key }) => key > keyMarker)
  const page = after.slice(0, maxUploads)
  const isTruncated = page.length < after.length
  const result = {
    Bucket: name,
    Prefix: prefix,
    KeyMarker: keyMarker,
    NextKeyMarker: isTruncated ? page.at(-1)?.key : undefined,
    NextUploadIdMarker: isTruncated ? page.at(-1)?.id : undefined,
    MaxUploads: maxUploads,
    IsTruncated: isTruncated,
    Upload: page.map(({ key, id, initiated, algorithm, checksumType, headers }) => ({
      Key: key,
      UploadId: id,
      Initiated: initiated.toISOString(),
      StorageClass: classOf({ headers }),
      ChecksumAlgorithm: algorithm,
      ChecksumType: checksumType,
    })),
  }
  return { status: 200, body: xml('ListMultipartUploadsResult', result) }
}

function classOf({ headers }: Pick<Upload, 'headers'>): string {
  return headers['x-amz-storage-class'] ?? 'STANDARD'
}

/** What of a key a list shows: with a delimiter, keys that share a beginning up to it show as that beginning. */
function shownName(key: string, prefix: string, delimiter: string): string {
  const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
  return end < 0 ? key : key.slice(0, end + delimiter.length)
}

export const listObjects: Handler = ({ bucket: name, query }, bucket) => {
  const prefix = query.get('prefix') ?? ''
  const start = query.get('continuation-token') ?? query.get('start-after') ?? ''
  const maxKeys = Math.min(1000, Number(query.get('max-keys') ?? 1000))
  const delimiter = query.get('delimiter') ?? ''
  const matching = [...bucket.objects.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .map((object) => [shownName(object.key, prefix, delimiter), object] as const)
  const all = [...new Map(matching)]
    .filter(([name]) => Buffer.compare(Buffer.from(name), Buffer.from(start)) > 0)
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const page = all.slice(0, maxKeys)
  const isTruncated = page.length < all.length
  const objects = page.filter(([name, { key }]) => name === key).map(([, object]) => object)
  const beginnings = page.filter(([name, { key }]) => name !== key)
  const result = {
    Name: name,
    Prefix: prefix,
    KeyCount: page.length,
    MaxKeys: maxKeys,
    IsTruncated: isTruncated,
    NextContinuationToken: isTruncated ? page.at(-1)?.[0] : undefined,
    CommonPrefixes: beginnings.map(([name]) => ({ Prefix: name })),
    Contents: objects.map(({ key, bytes, etag, lastModified, headers, checksum, checksumType }) => ({
      Key: key,
      LastModified: lastModified.toISOString(),
      ETag: etag,
      ChecksumAlgorithm: checksum.algorithm,
      ChecksumType: checksumType,
      Size: bytes.length,
      StorageClass: classOf({ headers }),
    })),
  }
  return { status: 200, body: xml('ListBucketResult', result) }
}
