import { describe, expect, it } from 'vitest'
import { RcloneReport } from '../../src/copy/rclone-report.ts'

const stats = (values: object) =>
  `${JSON.stringify({ level: 'info', msg: 'stats', stats: { bytes: 0, checks: 0, errors: 0, transfers: 0, ...values } })}\n`

describe('RcloneReport', () => {
  it('takes the last counts, however the log is cut', () => {
    const report = new RcloneReport()
    const log = Buffer.from(stats({ bytes: 5, transfers: 1 }) + stats({ bytes: 70, transfers: 3, checks: 4 }))
    for (const byte of log) report.addLog(Buffer.of(byte))
    expect(report).toMatchObject({ copiedBytes: 70, copied: 3, checked: 4, errors: 0, seen: 7 })
  })

  it('leaves the counts of each second out of the log, but for the last', () => {
    const report = new RcloneReport()
    const [first, last] = [stats({ bytes: 5 }), stats({ bytes: 70, transfers: 1 })]
    expect(report.addLog(Buffer.from(`${first}a tale\n${last}not en`))).toBe('a tale\n')
    expect(report.endOfLog()).toBe(`${last}not en`)
  })

  it('counts a file that was there with another content once', () => {
    const report = new RcloneReport()
    const line = JSON.stringify({ level: 'info', msg: 'Copied (replaced existing)', object: 'a' })
    report.addLog(Buffer.from(`${line}\n${stats({ transfers: 1, checks: 1 })}`))
    expect(report.seen).toBe(1)
  })

  it('keeps the names that failed, the first twenty, and the last error', () => {
    const report = new RcloneReport()
    for (let index = 1; index <= 30; index += 1) {
      const line = { level: 'error', msg: `Failed to copy: no ${index}`, object: `ä ${index}` }
      report.addLog(Buffer.from(`${JSON.stringify(line)}\n`))
    }
    expect(report.failedNames).toEqual(Array.from({ length: 20 }, (_, index) => `ä ${index + 1}`))
    expect(report.lastError).toBe('Failed to copy: no 30')
  })

  it('takes what is no JSON for an error: it says so before its log begins', () => {
    const report = new RcloneReport()
    report.addLog(Buffer.from('{ broken\n\nFailed to create file system: no such remote\n'))
    expect(report.lastError).toBe('Failed to create file system: no such remote')
  })

  it('tells what check has found equal and different', () => {
    const report = new RcloneReport()
    for (const line of ['= same', '* other', '+ only here', '! unreadable', '- only there']) report.addLine(line)
    expect(report.equal).toBe(1)
    expect(report.differing).toEqual(['other', 'only here', 'unreadable'])
  })

  it('adds up several runs', () => {
    const [all, one] = [new RcloneReport(), new RcloneReport()]
    all.addLog(Buffer.from(stats({ bytes: 1, transfers: 1 })))
    one.addLog(Buffer.from(stats({ bytes: 2, transfers: 1, errors: 1 })))
    all.addAll(one)
    expect(all).toMatchObject({ copied: 2, copiedBytes: 3, errors: 1 })
  })
})
