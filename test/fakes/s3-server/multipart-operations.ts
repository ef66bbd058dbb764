import {
  type Checksum,
  checkBody,
  checksumOf,
  compositeOf,
  givenChecksum,
  headerOf,
  headersOf,
  md5Of,
  parseAlgorithm,
  parseType,
} from './checksums.ts'
import { S3Error } from './s3-error.ts'
import {
  checkConditions,
  type Handler,
  keptHeaders,
  type Limits,
  type S3Request,
  type StoredPart,
  type Upload,
} from './state.ts'
import { elementsIn, xml } from './xml.ts'

export const createMultipartUpload: Handler = ({ bucket: Bucket, key: Key, headers }, bucket) => {
  const algorithm = parseAlgorithm(String(headers['x-amz-checksum-algorithm'] ?? 'CRC64NVME'))
  const checksumType = parseType(algorithm, headers['x-amz-checksum-type'] as string | undefined)
  const upload = bucket.startUpload({ key: Key, algorithm, checksumType, headers: keptHeaders(headers) })
  return {
    status: 200,
    headers: { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': checksumType },
    body: xml('InitiateMultipartUploadResult', { Bucket, Key, UploadId: upload.id }),
  }
}

export const uploadPart: Handler = (request, bucket, { maxParts, etagOf }) => {
  const { headers, body, query } = request
  const upload = bucket.upload(request)
  const number = Number(query.get('partNumber'))
  if (!Number.isInteger(number) || number < 1 || number > maxParts) {
    throw new S3Error(400, 'InvalidArgument', `Part number must be an integer between 1 and ${maxParts}, inclusive`)
  }
  const given = givenChecksum(headers)
  if (given !== undefined && given.algorithm !== upload.algorithm) {
    const types = `expected checksum Type: ${upload.algorithm}, actual checksum Type: ${given.algorithm}`
    throw new S3Error(400, 'InvalidRequest', `Checksum Type mismatch occurred, ${types}`)
  }
  const checksum = checkBody(headers, body, upload.algorithm)
  const etag = etagOf(body)
  upload.parts.set(number, { number, bytes: body, etag, checksum, lastModified: new Date() })
  const { 'x-amz-checksum-type': _type, ...answered } = headersOf(checksum, upload.checksumType)
  return { status: 200, headers: { etag, ...answered } }
}

export const abortMultipartUpload: Handler = (request, bucket) => {
  bucket.uploads.delete(bucket.upload(request).id)
  return { status: 204 }
}

export const completeMultipartUpload: Handler = (request, bucket, limits) => {
  const upload = bucket.upload(request)
  const parts = namedParts(request, upload)
  checkSizes(parts, limits)
  const bytes = Buffer.concat(parts.map((part) => part.bytes))
  const checksum = checksumOfObject(upload, parts, bytes)
  checkProof(request, upload, checksum, bytes.length)
  checkConditions(request, bucket)

  const etag = etagOfParts(parts, limits)
  const { key, checksumType, headers } = upload
  bucket.objects.set(key, { key, bytes, etag, checksum, checksumType, parts, headers, lastModified: new Date() })
  bucket.uploads.delete(upload.id)
  const result = {
    Location: `/${request.bucket}/${key}`,
    Bucket: request.bucket,
    Key: key,
    ETag: etag,
    [`Checksum${checksum.algorithm}`]: checksum.value,
    ChecksumType: checksumType,
  }
  return { status: 200, body: xml('CompleteMultipartUploadResult', result) }
}

/** The parts that the request names, in its order, if they are there and are those. */
function namedParts({ body }: S3Request, upload: Upload): StoredPart[] {
  const named = elementsIn(body.toString(), 'Part')
  if (named.length === 0) throw new S3Error(400, 'MalformedXML', 'You must specify at least one part')
  const numbers = named.map(({ PartNumber }) => Number(PartNumber))
  if (numbers.some((number, index) => index > 0 && number <= numbers[index - 1]!)) {
    throw new S3Error(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.')
  }
  return named.map((names) => {
    const part = upload.parts.get(Number(names['PartNumber']))
    if (part === undefined || !isNamedRightly(part, names)) {
      throw new S3Error(400, 'InvalidPart', `Part ${names['PartNumber']} was not found, or is another.`)
    }
    if (upload.checksumType === 'COMPOSITE' && names[`Checksum${upload.algorithm}`] === undefined) {
      throw new S3Error(400, 'InvalidRequest', `The upload was created using a checksum: part ${part.number} has none.`)
    }
    return part
  })
}

function isNamedRightly({ etag, checksum }: StoredPart, names: Record<string, string>): boolean {
  const isSame = names['ETag']?.replaceAll('"', '') === etag.replaceAll('"', '')
  return isSame && (names[`Checksum${checksum.algorithm}`] ?? checksum.value) === checksum.value
}

function etagOfParts(parts: readonly StoredPart[], { etagOf }: Limits): string {
  const md5s = Buffer.concat(parts.map((part) => md5Of(part.bytes)))
  return etagOf(md5s).replace(/"$/, `-${parts.length}"`)
}

function checkSizes(parts: readonly StoredPart[], { minPartBytes, wantsEqualParts }: Limits): void {
  const others = new Set(parts.slice(0, -1).map(({ bytes }) => bytes.length))
  if (wantsEqualParts && others.size > 1) {
    throw new S3Error(400, 'InvalidPart', 'All non-trailing parts must have the same length.')
  }
  if (parts.slice(0, -1).some(({ bytes }) => bytes.length < minPartBytes)) {
    throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size')
  }
}

function checksumOfObject(upload: Upload, parts: readonly StoredPart[], bytes: Buffer): Checksum {
  if (upload.checksumType === 'FULL_OBJECT') return checksumOf(upload.algorithm, bytes)
  return compositeOf(
    upload.algorithm,
    parts.map(({ checksum }) => checksum),
  )
}

function checkProof({ headers }: S3Request, upload: Upload, checksum: Checksum, size: number): void {
  const type = headers['x-amz-checksum-type']
  if (type !== undefined && type !== upload.checksumType) {
    throw new S3Error(400, 'InvalidRequest', `The upload was created with the checksum type ${upload.checksumType}.`)
  }
  const given = headers[headerOf(upload.algorithm)]
  if (given !== undefined && given !== checksum.value) {
    throw new S3Error(400, 'BadDigest', `The ${upload.algorithm} you specified did not match the calculated checksum.`)
  }
  const expected = headers['x-amz-mp-object-size']
  if (expected !== undefined && Number(expected) !== size) {
    throw new S3Error(400, 'InvalidRequest', 'The provided x-amz-mp-object-size does not match the size of the object.')
  }
}
