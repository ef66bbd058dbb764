import { mkdirSync, openSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exitStatuses, failureStatuses } from '../../src/cli/exit-status.ts'
import { asFailure } from '../../src/cli/system-failure.ts'
import { Failure } from '../../src/errors.ts'
import { temporaryFolder } from '../fakes/folder.ts'

function thrownBy(act: () => void): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

function systemError(code: string, fields: object = {}): Error {
  return Object.assign(new Error(code), { code, syscall: 'write', errno: 0, ...fields })
}

describe('asFailure, of real errors', () => {
  it('a missing file', () => {
    const failure = asFailure(thrownBy(() => readFileSync('/nowhere/at all')))
    expect(failure).toMatchObject({
      kind: 'unavailable',
      message: 'cannot open /nowhere/at all: no such file or directory',
    })
  })

  it('a host that nobody knows', () => {
    const error = systemError('ENOTFOUND', { syscall: 'getaddrinfo', errno: -3008, hostname: 'backup.invalid' })
    expect(asFailure(error)).toMatchObject({
      kind: 'unavailable',
      message: 'cannot find the address of backup.invalid: unknown node or service',
    })
  })

  it('a full disk', () => {
    const full = openSync('/dev/full', 'w')
    const failure = asFailure(thrownBy(() => writeFileSync(full, 'x')))
    expect(failure).toMatchObject({ kind: 'io', message: 'cannot write: no space left on device' })
  })

  it('what exists, and what is not empty', () => {
    const folder = temporaryFolder()
    expect(asFailure(thrownBy(() => mkdirSync(folder)))).toMatchObject({
      kind: 'exists',
      message: `cannot mkdir ${folder}: file already exists`,
    })
    writeFileSync(join(folder, 'x'), '')
    expect(asFailure(thrownBy(() => rmdirSync(folder)))?.kind).toBe('exists')
  })

  it('a file in place of a folder', () => {
    expect(asFailure(thrownBy(() => readFileSync('/etc/passwd/x')))?.kind).toBe('unavailable')
  })

  it('a peer that refuses', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    await new Promise((resolve) => server.close(resolve))
    const error = await new Promise((resolve) => connect(port, '127.0.0.1').once('error', resolve))
    expect(asFailure(error)).toMatchObject({
      kind: 'unavailable',
      message: `cannot connect 127.0.0.1:${port}: connection refused`,
    })
  })
})

describe('asFailure', () => {
  it.each([
    ['EPIPE', 'closed'],
    ['ENOSPC', 'io'],
    ['EIO', 'io'],
    ['EROFS', 'io'],
    ['EFBIG', 'io'],
    ['EDQUOT', 'io'],
    ['EWHATEVER', 'io'],
    ['EACCES', 'permission'],
    ['EPERM', 'permission'],
    ['ECONNRESET', 'retry'],
    ['EMFILE', 'retry'],
  ])('%s is %s', (code, kind) => expect(asFailure(systemError(code))?.kind).toBe(kind))

  it('keeps a Failure and the cause of what it made', () => {
    const failure = new Failure('data', 'x')
    expect(asFailure(failure)).toBe(failure)
    const error = systemError('EIO')
    expect(asFailure(error)?.cause).toBe(error)
  })

  it.each([
    new TypeError('x is not a function'),
    thrownBy(() => readFileSync(undefined as never)),
    'a string',
    undefined,
    null,
  ])('knows a bug: %s', (error) => expect(asFailure(error)).toBeUndefined())
})

describe('exit statuses', () => {
  it('are those of sysexits', () => {
    const numbers = Object.fromEntries(Object.entries(failureStatuses).map(([kind, { status }]) => [kind, status]))
    expect(numbers).toEqual({
      usage: 64,
      data: 65,
      unavailable: 69,
      exists: 73,
      io: 74,
      retry: 75,
      protocol: 76,
      permission: 77,
      configuration: 78,
      closed: 141,
    })
  })

  it('are listed in order, each once', () => {
    const listed = exitStatuses.map(([status]) => status)
    expect(listed).toEqual(['0', '64', '65', '69', '70', '73', '74', '75', '76', '77', '78', '141', '128+n'])
  })
})
