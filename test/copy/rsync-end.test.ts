import { describe, expect, it } from 'vitest'
import { judgeRsync, kindOfComplaint, lastLines } from '../../src/copy/rsync-end.ts'

describe('judgeRsync', () => {
  it.each([
    [0, 'done'],
    [23, 'partial'],
    [24, 'partial'],
    [10, 'broken'],
    [11, 'broken'],
    [12, 'broken'],
    [20, 'broken'],
    [30, 'broken'],
    [255, 'host lost'],
  ])('status %i is %s', (status, end) => expect(judgeRsync({ status }, '')).toBe(end))

  it('a kill is broken', () => expect(judgeRsync({ killedBy: 'SIGKILL' }, '')).toBe('broken'))

  it.each([
    [1, 'usage'],
    [2, 'protocol'],
    [4, 'usage'],
    [127, 'unavailable'],
  ])('status %i is worth no other attempt: %s', (status, kind) => {
    expect(() => judgeRsync({ status }, 'why\n')).toThrow(
      expect.objectContaining({ kind, message: `rsync ended with status ${status}: why` }),
    )
    expect(() => judgeRsync({ status }, 'why\n', 'storage2')).toThrow(
      expect.objectContaining({ kind, message: `storage2: rsync ended with status ${status}: why` }),
    )
  })
})

it.each([
  ['rsync: mkdir "/x" failed: Permission denied (13)', 'permission'],
  ['rsync: write failed on "/x": No space left on device (28)', 'io'],
  ['rsync: change_dir "/x" failed: No such file or directory (2)', 'unavailable'],
  ['something else', 'io'],
])('%s is %s', (said, kind) => expect(kindOfComplaint(said)).toBe(kind))

it.each([
  ['ssh: connect to host far: Connection refused\r\nrsync: safe_write failed: Broken pipe (32)', 'host lost'],
  ['Connection timed out during banner exchange\r\nConnection to far port 22 timed out\r\n', 'host lost'],
  ['root@far: Permission denied (publickey).\r\n', 'host lost'],
  ['rsync: mkdir "/x" failed: Permission denied (13)\nrsync: connection unexpectedly closed', 'broken'],
])('status 12 with %j is %s', (said, end) => expect(judgeRsync({ status: 12 }, said)).toBe(end))

it('of what was said, the last lines, without the place in its source', () => {
  const said =
    'one\ntwo\nthree\r\nfour\nrsync error: some files could not be copied (code 23) at main.c(1338) [sender=3.2.7]\n'
  expect(lastLines(said)).toBe('two; three; four')
})
