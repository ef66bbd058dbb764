import { createHash, type Hash } from 'node:crypto'
import type { Verifier } from '../verifier.ts'
import { isMd5 } from './multipart.ts'
import { etagOfParts } from './whole-object.ts'

/** Compares by the ETag: the MD5 of an object stored in one piece, else the MD5 of its parts' MD5s. */
export function etagVerifier(etag: string, partSizes: Iterable<number>): Verifier {
  const sizes = partSizes[Symbol.iterator]()
  const etags: string[] = []
  let left = sizes.next().value ?? 0
  let hash = createHash('md5')
  const endPart = () => {
    etags.push(hash.digest('hex'))
    left = sizes.next().value ?? 0
    hash = createHash('md5')
  }
  return {
    name: 'ETag',
    recorded: etag,
    update(bytes) {
      for (let done = 0; done < bytes.length; ) {
        const piece = bytes.subarray(done, done + (left > 0 ? left : bytes.length))
        hash.update(piece)
        done += piece.length
        left -= piece.length
        if (left === 0) endPart()
      }
    },
    found: () => foundEtag(etag, etags, hash),
  }
}

function foundEtag(etag: string, etags: readonly string[], last: Hash): string {
  if (isMd5(etag)) return etags[0] ?? last.digest('hex')
  // An empty object may be of one empty part.
  return etagOfParts(etags.length === 0 ? [last.digest('hex')] : etags) ?? ''
}
