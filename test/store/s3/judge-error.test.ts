import { describe, expect, test } from 'vitest'
import { Failure } from '../../../src/errors.ts'
import { isAmbiguous, judgeError } from '../../../src/store/s3/judge-error.ts'
import { answerOf, brokenConnection } from './sdk-errors.ts'

describe('may be made again', () => {
  test.each([
    [503, 'SlowDown', 'throttled'],
    [429, 'TooManyRequests', 'throttled'],
    [400, 'ThrottlingException', 'throttled'],
    [500, 'InternalError', 'server'],
    [502, 'UnknownError', 'server'],
    [400, 'RequestTimeout', 'server'],
    [409, 'OperationAborted', 'server'],
    [409, 'ConditionalRequestConflict', 'server'],
    [200, 'InternalError', 'server'],
    [400, 'BadDigest', 'damaged'],
    [400, 'ExpiredToken', 'expired'],
    [400, 'UnknownError', 'expired'],
    [403, 'RequestTimeTooSkewed', 'clock'],
  ])('%i %s: %s', (status, name, again) => {
    expect(judgeError(answerOf(status, name), 'x')).toMatchObject({ again })
  })

  test.each(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ENOTFOUND', 'HPE_INVALID_CONSTANT'])(
    '%s',
    (code) => expect(judgeError(brokenConnection(code), 'x')).toMatchObject({ again: 'connection' }),
  )

  test('a clock that the SDK has set right', () => {
    const error = Object.assign(new Error('403'), { $metadata: { httpStatusCode: 403, clockSkewCorrected: true } })
    expect(judgeError(error, 'x')).toMatchObject({ again: 'clock' })
  })
})

describe('cannot heal', () => {
  test.each([
    [403, 'AccessDenied', 'permission'],
    [403, 'SignatureDoesNotMatch', 'permission'],
    [401, 'Unauthorized', 'permission'],
    [404, 'NoSuchBucket', 'unavailable'],
    [404, 'NoSuchKey', 'unavailable'],
    [412, 'PreconditionFailed', 'exists'],
    [400, 'InvalidArgument', 'protocol'],
    [400, 'InvalidPart', 'retry'],
    [501, 'NotImplemented', 'unavailable'],
  ])('%i %s: %s', (status, name, kind) => {
    const verdict = judgeError(answerOf(status, name), 's3://b/k')
    expect(verdict).toMatchObject({ kind, message: `s3://b/k: ${name}: it failed` })
  })

  test('no credentials', () => {
    const error = Object.assign(new Error('Could not load'), { name: 'CredentialsProviderError' })
    expect(judgeError(error, 'x')).toMatchObject({ kind: 'permission', message: 'x: no credentials' })
  })

  test('a certificate that is not trusted', () => {
    const error = Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    expect(judgeError(error, 'x')).toMatchObject({ kind: 'permission' })
  })

  test('a failure stays what it is, and a bug too', () => {
    const failure = new Failure('data', 'damaged')
    const bug = new TypeError('bug')
    expect([judgeError(failure, 'x'), judgeError(bug, 'x')]).toEqual([failure, bug])
  })
})

test('an answer to a HEAD says its status', () => {
  expect(judgeError(answerOf(403, 'UnknownError', 'UnknownError'), 'x')).toMatchObject({
    message: 'x: answered with status 403',
  })
})

test('what may have been carried out is in doubt', () => {
  expect([500, 503, 200, 400, 403, 404, 412].map((status) => isAmbiguous(answerOf(status, 'X')))).toEqual([
    ...[true, true, true],
    ...[false, false, false, false],
  ])
  expect(isAmbiguous(brokenConnection('ECONNRESET'))).toBe(true)
})
