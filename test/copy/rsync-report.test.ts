import { describe, expect, it } from 'vitest'
import { judgeRsync, kindOfComplaint, lastLines } from '../../src/copy/rsync-end.ts'
import { RsyncReport } from '../../src/copy/rsync-report.ts'

// As rsync 3.2.7 writes with --out-format='%i %l %n' --stats --no-human-readable.
const lines = [
  'created directory d',
  'cd+++++++++ 4096 a/',
  '>f+++++++++ 0 zero',
  '>f.st...... 30000 a/changed',
  'cL+++++++++ 4 a/b/sym -> ../x',
  'hf+++++++++ 3 a/b/hard => a/x',
  '.f...p..... 12 a/touched',
  '.d..t...... 4096 a/b/',
  '<f+++++++++ 5 a/name  with spaces',
  '',
  'Number of files: 1,009 (reg: 1,003, dir: 4, link: 1, special: 1)',
  'Number of regular files transferred: 2',
]

describe('RsyncReport', () => {
  it('counts what was copied, and what was there', () => {
    const report = new RsyncReport(2)
    for (const line of lines) report.add(line)
    expect(report).toMatchObject({ copied: 5, copiedBytes: 30_005, touched: 1, present: 1005, deleted: 0, changed: 6 })
    expect(report.names).toEqual(['zero', 'a/changed'])
  })

  it('follows a file on its way, of which the name comes first, and keeps no such line', () => {
    const report = new RsyncReport()
    const seen = []
    for (const line of [
      '>f+++++++++ 5242880 big',
      '        3211264  60%    3.06MB/s    0:00:00  ',
      '        5242880 100%    7.86MB/s    0:00:00 (xfr#1, to-chk=2/5)',
      '>f+++++++++ 31457280   12%   huge',
      '        8650754  23%    7.85MB/s    0:00:03  ',
    ])
      seen.push([report.add(line), report.goneFiles, report.goneBytes])
    expect(seen).toEqual([
      [true, 0, 0],
      [false, 0, 3_211_264],
      [false, 1, 5_242_880],
      [true, 1, 5_242_880],
      [false, 1, 8_650_754],
    ])
    expect(report).toMatchObject({ copied: 2, copiedBytes: 36_700_160 })
  })

  it('counts what was deleted', () => {
    const report = new RsyncReport(5)
    report.add('*deleting   0 old/')
    report.add('*deleting   0 old/file')
    expect(report.deleted).toBe(2)
    expect(report.names).toEqual(['old/', 'old/file'])
  })
})

describe('judgeRsync', () => {
  it.each([
    [0, 'done'],
    [23, 'partial'],
    [24, 'partial'],
    [11, 'broken'],
    [12, 'broken'],
    [30, 'broken'],
    [255, 'host lost'],
  ])('%d: %s', (status, verdict) => expect(judgeRsync({ status }, '')).toBe(verdict))

  it('a killed one may be tried again', () => expect(judgeRsync({ killedBy: 'SIGKILL' }, '')).toBe('broken'))

  it('throws where no attempt can be better', () => {
    const said =
      'rsync: --nonsense: unknown option\nrsync error: syntax or usage error (code 1) at main.c(1795) [client=3.2.7]'
    expect(() => judgeRsync({ status: 1 }, said)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        message: 'rsync ended with status 1: rsync: --nonsense: unknown option',
      }),
    )
    expect(() => judgeRsync({ status: 127 }, 'sh: rsync: not found')).toThrow(
      expect.objectContaining({ kind: 'unavailable' }),
    )
  })
})

it.each([
  ['rsync: [generator] recv_generator: mkdir "/x" failed: Permission denied (13)', 'permission'],
  ['rsync: [receiver] write failed on "/x/y": No space left on device (28)', 'io'],
  ['rsync: [sender] change_dir "/none" failed: No such file or directory (2)', 'unavailable'],
  ['something else', 'io'],
])('%s: %s', (said, kind) => expect(kindOfComplaint(`${said}\nrsync error: x (code 23) at main.c(1)`)).toBe(kind))

it('lastLines leaves out where rsync was in its source', () => {
  expect(lastLines('a\nb (13)\nrsync error: some files could not be transferred (code 23) at main.c(1338) [x]')).toBe(
    'a; b (13)',
  )
})
