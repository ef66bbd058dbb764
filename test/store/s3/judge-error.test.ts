import { describe, expect, test } from 'vitest'
import { Failure } from '../../../src/errors.ts'
import { isAmbiguous, isUnreached, judgeError } from '../../../src/store/s3/judge-error.ts'
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
    [307, 'TemporaryRedirect', 'server'],
    [400, 'BadDigest', 'damaged'],
    [400, 'ExpiredToken', 'expired'],
    [400, 'UnknownError', 'expired'],
    [403, 'RequestTimeTooSkewed', 'clock'],
  ])('%i %s: %s', (status, name, again) => {
    expect(judgeError(answerOf(status, name), 'x')).toMatchObject({ again })
  })

  test.each([
    'ECONNRESET',
    'ECONNREFUSED',
    'EPIPE',
    'ETIMEDOUT',
    'EAI_AGAIN',
    'ENOTFOUND',
    'EPROTO',
    'HPE_INVALID_CONSTANT',
  ])('%s', (code) => expect(judgeError(brokenConnection(code), 'x')).toMatchObject({ again: 'connection' }))

  test.each([301, 302, 303, 307, 308])('%i of a server that has served before', (status) => {
    expect(judgeError(answerOf(status, 'Moved'), 'x', true)).toMatchObject({ again: 'server' })
  })

  test('a clock that the SDK has set right', () => {
    expect(judgeError(withClockSetRight(403), 'x')).toMatchObject({ again: 'clock' })
  })

  test('a clock that the SDK has set right does not make a server healthy, nor an object exist', () => {
    expect(judgeError(withClockSetRight(500), 'x')).toMatchObject({ again: 'server' })
    expect(judgeError(withClockSetRight(503), 'x')).toMatchObject({ again: 'throttled' })
    expect(judgeError(withClockSetRight(404), 'x')).toMatchObject({ kind: 'unavailable' })
  })
})

describe('a server that cannot be reached', () => {
  test('is one that no connection came about with', () => {
    const codes = ['ENOTFOUND', 'EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'HPE_INVALID_CONSTANT']
    expect(codes.map((code) => isUnreached(brokenConnection(code)))).toEqual([true, true, true, true])
    expect(isUnreached(new AggregateError([brokenConnection('ECONNREFUSED'), brokenConnection('ENETUNREACH')]))).toBe(
      true,
    )
  })

  test('is not one that broke it or was silent', () => {
    const errors = [brokenConnection('ECONNRESET'), brokenConnection('ETIMEDOUT'), answerOf(503, 'SlowDown'), undefined]
    expect(errors.map(isUnreached)).toEqual([false, false, false, false])
  })
})

/** As the SDK marks a failure that came with another time than ours. */
function withClockSetRight(status: number): Error {
  return Object.assign(new Error('it failed'), { $metadata: { httpStatusCode: status, clockSkewCorrected: true } })
}

describe('cannot heal', () => {
  test('a bucket of another region than that of the endpoint', () => {
    const headers = { 'x-amz-bucket-region': 'eu-west-1' }
    const moved = Object.assign(answerOf(301, '301', ''), { $response: { statusCode: 301, headers } })
    expect(judgeError(moved, 's3://b/k')).toMatchObject({
      kind: 'configuration',
      message: 's3://b/k: 301',
      hint: 'the bucket is in the region eu-west-1: give the endpoint of that region, or none',
    })
  })

  test.each([
    [301, 'PermanentRedirect', 'configuration'],
    [302, 'Found', 'configuration'],
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

  test.each([
    [300, 'MultipleChoices', 'protocol'],
    [304, 'NotModified', 'protocol'],
    [501, 'NotImplemented', 'unavailable'],
    [403, 'AccessDenied', 'permission'],
  ])('%i %s of a server that has served before: %s', (status, name, kind) => {
    expect(judgeError(answerOf(status, name), 'x', true)).toMatchObject({ kind })
  })

  test('no credentials', () => {
    const error = Object.assign(new Error('Could not load'), { name: 'CredentialsProviderError' })
    expect(judgeError(error, 'x')).toMatchObject({
      kind: 'permission',
      message: 'x: no credentials',
      hint: expect.stringContaining('aws sts get-caller-identity'),
    })
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
