import { checkBody, givenChecksum, headersOf } from './checksums.ts'
import { S3Error } from './s3-error.ts'
import {
  checkConditions,
  type Handler,
  type KeptHeaders,
  keptHeaders,
  type S3Request,
  type StoredObject,
} from './state.ts'
import { elementsIn, xml } from './xml.ts'

export const putObject: Handler = (request, bucket, { etagOf }) => {
  const { key, headers, body } = request
  const checksum = checkBody(headers, body, givenChecksum(headers)?.algorithm ?? 'CRC64NVME')
  checkConditions(request, bucket)
  const etag = etagOf(body)
  const checksumType = 'FULL_OBJECT'
  const lastModified = new Date()
  bucket.objects.set(key, {
    ...{ key, bytes: body, etag, checksum, checksumType, lastModified },
    ...{ parts: [], headers: keptHeaders(headers) },
  })
  return { status: 200, headers: { etag, ...headersOf(checksum, checksumType) } }
}

/** HEAD has the same answer; the server leaves its body out. */
export const getObject: Handler = (request, bucket) => {
  const object = bucket.object(request)
  const { headers } = request
  if (isForItsOwner(object) && !isForItsOwner(request)) {
    throw new S3Error(400, 'InvalidRequest', 'The object was stored using a form of Server Side Encryption.')
  }
  if (headers['if-match'] !== undefined && headers['if-match'] !== object.etag) {
    throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
  }
  if (headers['if-none-match'] === object.etag) return { status: 304, headers: { etag: object.etag } }
  const range = rangeOf(request, object)
  const body = object.bytes.subarray(range?.start, range?.end)
  return {
    status: range === undefined ? 200 : 206,
    headers: { ...describing(object), ...checksumHeaders(request, object), ...range?.headers },
    body,
  }
}

/** Encrypted with a key that comes with each request. */
function isForItsOwner({ headers }: { readonly headers: object }): boolean {
  return 'x-amz-server-side-encryption-customer-algorithm' in headers
}

export const deleteObject: Handler = ({ key, headers }, bucket) => {
  const there = bucket.objects.get(key)
  if (headers['if-match'] !== undefined && there !== undefined && headers['if-match'] !== there.etag) {
    throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
  }
  bucket.objects.delete(key)
  return { status: 204 }
}

export const deleteObjects: Handler = ({ body }, bucket) => {
  const keys = elementsIn(body.toString(), 'Object').map(({ Key = '' }) => Key)
  for (const key of keys) bucket.objects.delete(key)
  return { status: 200, body: xml('DeleteResult', { Deleted: keys.map((Key) => ({ Key })) }) }
}

export const getObjectAttributes: Handler = (request, bucket) => {
  const object = bucket.object(request)
  const { algorithm, value } = object.checksum
  const asked = String(request.headers['x-amz-object-attributes'] ?? '').split(/, ?/)
  const attributes = {
    ETag: object.etag.replaceAll('"', ''),
    Checksum: { [`Checksum${algorithm}`]: value, ChecksumType: object.checksumType },
    ObjectParts: object.parts.length === 0 ? undefined : partList(request, object),
    StorageClass: object.headers['x-amz-storage-class'] ?? 'STANDARD',
    ObjectSize: object.bytes.length,
  }
  const chosen = Object.entries(attributes).filter(([name]) => asked.includes(name))
  if (chosen.length === 0) throw new S3Error(400, 'InvalidArgument', 'x-amz-object-attributes names no attribute.')
  return { status: 200, body: xml('GetObjectAttributesResponse', Object.fromEntries(chosen)) }
}

function partList({ headers }: S3Request, { parts }: StoredObject) {
  const marker = Number(headers['x-amz-part-number-marker'] ?? 0)
  const maxParts = Number(headers['x-amz-max-parts'] ?? 1000)
  const page = parts.filter(({ number }) => number > marker).slice(0, maxParts)
  const last = page.at(-1)?.number ?? marker
  return {
    PartsCount: parts.length,
    PartNumberMarker: marker,
    NextPartNumberMarker: last,
    MaxParts: maxParts,
    IsTruncated: last < parts.at(-1)!.number,
    Part: page.map(({ number, bytes, checksum }) => ({
      PartNumber: number,
      Size: bytes.length,
      [`Checksum${checksum.algorithm}`]: checksum.value,
    })),
  }
}

function describing({ etag, headers, lastModified, bytes }: StoredObject): KeptHeaders {
  const { 'x-amz-tagging': tags, 'x-amz-acl': _acl, ...given } = headers
  return {
    'content-type': 'binary/octet-stream',
    'accept-ranges': 'bytes',
    'last-modified': lastModified.toUTCString(),
    'content-length': String(bytes.length),
    ...given,
    ...(tags === undefined ? {} : { 'x-amz-tagging-count': String(tags.split('&').length) }),
    etag,
  }
}

function checksumHeaders({ headers, query }: S3Request, object: StoredObject): KeptHeaders {
  const isOfWhole = headers.range === undefined && !query.has('partNumber')
  const isAsked = headers['x-amz-checksum-mode'] === 'ENABLED'
  return isOfWhole && isAsked ? headersOf(object.checksum, object.checksumType) : {}
}

function rangeOf({ headers, query }: S3Request, object: StoredObject) {
  const partNumber = query.get('partNumber')
  if (partNumber !== null) return rangeOfPart(Number(partNumber), object)
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '') ?? []
  if (first === '' && last === '') return undefined
  const { length } = object.bytes
  const start = first === '' ? Math.max(0, length - Number(last)) : Number(first)
  const end = first === '' || last === '' ? length : Math.min(length, Number(last) + 1)
  if (start >= end) throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable')
  return part(start, end, length)
}

function rangeOfPart(number: number, { parts, bytes }: StoredObject) {
  if (parts.length === 0 && number === 1) return part(0, bytes.length, bytes.length)
  const index = number - 1
  const found = parts[index]
  if (found === undefined) throw new S3Error(416, 'InvalidPartNumber', 'The requested partnumber is not satisfiable')
  const start = parts.slice(0, index).reduce((sum, before) => sum + before.bytes.length, 0)
  const { start: from, end, headers } = part(start, start + found.bytes.length, bytes.length)
  return { start: from, end, headers: { ...headers, 'x-amz-mp-parts-count': String(parts.length) } }
}

function part(start: number, end: number, length: number): { start: number; end: number; headers: KeptHeaders } {
  const headers = { 'content-range': `bytes ${start}-${end - 1}/${length}`, 'content-length': String(end - start) }
  return { start, end, headers }
}
