import type { Part as ListedPart } from '@aws-sdk/client-s3'
import type { Part } from '../store.ts'
import { bareEtag, isMd5, type Multipart, type StoredPart } from './multipart.ts'
import { type CrcName, checksumMembers, digestOf, fromBase64 } from './part-checksum.ts'

/** The parts of an upload that broke, as its store lists them. Each is compared before it is counted in. */
export class ReusableParts {
  readonly multipart: Multipart
  readonly #listed: ReadonlyMap<number, ListedPart>
  #firstDifference = Number.POSITIVE_INFINITY
  reusedBytes = 0

  constructor(multipart: Multipart, listed: ReadonlyMap<number, ListedPart>) {
    this.multipart = multipart
    this.#listed = listed
  }

  /** The stored part if it has these bytes. From the first difference on nothing is reused. */
  async reuse(part: Part): Promise<StoredPart | undefined> {
    if (part.number > this.#firstDifference) return undefined
    const listed = this.#listed.get(part.number)
    // A part that never arrived says nothing of the stream.
    if (listed === undefined && part.number > 1) return undefined
    const stored = listed?.Size === part.bytes.length ? await equalPart(part, listed) : undefined
    if (stored === undefined) this.#firstDifference = Math.min(this.#firstDifference, part.number)
    else this.reusedBytes += part.bytes.length
    return stored
  }
}

async function equalPart({ number, bytes }: Part, listed: ListedPart): Promise<StoredPart | undefined> {
  const etag = bareEtag(listed.ETag)
  if (etag === undefined) return undefined
  const name = crcOf(listed)
  if (name !== undefined) {
    const hex = await digestOf(name, bytes)
    const isEqual = fromBase64(listed[checksumMembers[name]] as string) === hex
    return isEqual ? { number, bytes: bytes.length, etag, checksum: { name, hex, isEchoed: true } } : undefined
  }
  return isMd5(etag) && (await digestOf('md5', bytes)) === etag ? { number, bytes: bytes.length, etag } : undefined
}

function crcOf(listed: ListedPart): CrcName | undefined {
  return (Object.keys(checksumMembers) as CrcName[]).find((name) => listed[checksumMembers[name]] !== undefined)
}
