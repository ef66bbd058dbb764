import type { StoredObject } from '../store.ts'
import { addressOf, type Bucket, urlIn } from './bucket.ts'
import { digestOf, toBase64 } from './part-checksum.ts'
import {
  confirm,
  inOurWords,
  type Publication,
  type PublishOutput,
  publishOnce,
  refuseExisting,
  refusesConditions,
} from './publication.ts'
import { PutObjectCommand } from './sdk.ts'
import type { StoreAbilities } from './store-abilities.ts'

/**
 * Stores a small object in one request; Content-MD5 proves it, since every store checks that. Undefined if the store
 * can refuse to replace an object, but not in this request.
 */
export async function putWhole(
  bucket: Bucket,
  abilities: StoreAbilities,
  publication: Publication,
  bytes: Uint8Array,
  knownMd5?: string,
): Promise<StoredObject | undefined> {
  const { key, overwrite } = publication
  const md5 = knownMd5 ?? (await digestOf('md5', bytes))
  const expected = { size: bytes.length, etag: md5, crc: undefined }
  const put = (condition: object) => {
    const body = { Body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), ContentMD5: toBase64(md5) }
    const command = new PutObjectCommand({ ...addressOf(bucket, key), ...publication.input, ...body, ...condition })
    return publishOnce(bucket, publication, expected, (signal) => bucket.connection.once(command, {}, signal))
  }
  let output: PublishOutput | undefined
  if (overwrite) output = await put({})
  else {
    // As before the parts of a large one are put together: some stores ignore conditions.
    await refuseExisting(bucket, publication)
    output = abilities.conditionalPut ? await putIfAbsent(put, abilities, urlIn(bucket, key)) : undefined
    if (output === undefined && bytes.length > 0 && abilities.conditionalComplete) return undefined
    output ??= await put({})
  }
  return confirm(bucket, publication, expected, output)
}

async function putIfAbsent(put: (condition: object) => Promise<PublishOutput>, abilities: StoreAbilities, url: string) {
  try {
    return await put({ IfNoneMatch: '*' })
  } catch (error) {
    if (!refusesConditions(error)) throw inOurWords(error, url)
    abilities.conditionalPut = false
    return undefined
  }
}
