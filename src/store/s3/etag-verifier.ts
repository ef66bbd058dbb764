import { createHash } from 'node:crypto'
import type { Verifier } from '../verifier.ts'
import { isMd5 } from './multipart.ts'
import { etagOfParts } from './whole-object.ts'

/** Compares by the ETag: the MD5 of an object stored in one piece, else the MD5 of its parts' MD5s. */
export function etagVerifier(etag: string, partSizes: Iterable<number>): Verifier {
  const sizes = partSizes[Symbol.iterator]()
  const etags: string[] = []
  // What comes behind the last part is another, and so another ETag.
  const nextSize = (): number => sizes.next().value ?? Number.POSITIVE_INFINITY
  let left = nextSize()
  let hash = createHash('md5')
  const endPart = () => {
    etags.push(hash.digest('hex'))
    left = nextSize()
    hash = createHash('md5')
  }
  return {
    name: 'ETag',
    recorded: etag,
    update(bytes) {
      for (let done = 0; done < bytes.length; ) {
        if (left === 0) endPart()
        const piece = bytes.subarray(done, done + left)
        hash.update(piece)
        done += piece.length
        left -= piece.length
      }
    },
    found() {
      const last = hash.digest('hex')
      return isMd5(etag) && etags.length === 0 ? last : (etagOfParts([...etags, last]) ?? '')
    },
  }
}
