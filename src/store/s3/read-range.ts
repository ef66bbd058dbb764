import { Failure } from '../../errors.ts'
import type { StoredObject } from '../store.ts'
import { addressOf, type Bucket, urlIn } from './bucket.ts'
import { serverError, statusOf, wordsOf } from './judge-error.ts'
import { bareEtag } from './multipart.ts'
import type { Download } from './repeated-request.ts'

type Source = Pick<StoredObject, 'key' | 'etag'>

/** Fills `target` from `offset`. What a broken connection has brought is kept, and the rest is asked for again. */
export async function readRange(bucket: Bucket, source: Source, offset: number, target: Uint8Array): Promise<void> {
  const what = `bytes ${offset} to ${offset + target.length - 1} of ${urlIn(bucket, source.key)}`
  let done = 0
  await bucket.connection.retry(what, {}, async (signal) => {
    // All had come when the connection broke.
    if (done === target.length) return
    const from = offset + done
    const answer = await request(bucket, source, from, offset + target.length - 1, signal)
    const body = answer.Body
    try {
      refuseOther(bucket, source, answer, from, target.length - done)
      await body.fill(target.subarray(done))
      if (!(await body.hasEnded())) throw new Failure('protocol', `${what}: more came than asked for`)
    } finally {
      done += Math.min(body.filledBytes, target.length - done)
      body.destroy()
    }
    if (done < target.length) throw endedEarly(from, done)
  })
}

async function request(bucket: Bucket, source: Source, from: number, to: number, signal: AbortSignal | undefined) {
  const input = { ...addressOf(bucket, source.key), Range: `bytes=${from}-${to}`, IfMatch: source.etag }
  try {
    return await bucket.connection.download(input, signal)
  } catch (error) {
    // 404: removed meanwhile; 416: shorter now.
    const isGone = [404, 412, 416].includes(statusOf(error) ?? 0)
    throw isGone ? replaced(bucket, source, wordsOf(error), error) : error
  }
}

/** Not every server does as it is asked. */
function refuseOther(bucket: Bucket, source: Source, answer: Download, from: number, length: number) {
  const { ETag, ContentRange, ContentLength } = answer
  if (ETag === undefined) throw serverError('the answer has no ETag')
  if (bareEtag(ETag) !== bareEtag(source.etag)) throw replaced(bucket, source, `ETag is ${bareEtag(ETag)} now`)
  const isRight = ContentRange === undefined ? from === 0 : ContentRange.startsWith(`bytes ${from}-`)
  if (isRight && (ContentLength ?? length) === length) return
  throw new Failure('protocol', `${urlIn(bucket, source.key)}: the answer is another range: ${ContentRange ?? 'none'}`)
}

function replaced(bucket: Bucket, { key, etag }: Source, now: string, cause?: unknown): Failure {
  const what = `was replaced or removed while it was being read: ETag was ${bareEtag(etag)}`
  return new Failure('data', `${urlIn(bucket, key)}: ${what}; ${now}`, { cause })
}

function endedEarly(from: number, done: number): Error {
  return Object.assign(new Error(`the answer from byte ${from} ended early, at ${done}`), { code: 'ECONNRESET' })
}
