import { appendFileSync, existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { RunFolder } from '../../src/copy/run-folder.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const part = { number: 1, spool: 'files', firstCrumb: 3, crumbCount: 2, offset: 9, length: 5, files: 7, bytes: 1 }
const index = {
  found: { files: 9, folders: 1, bytes: 5, symlinks: 0, specials: 0, emptyFolders: 0 },
  crumbs: { files: [{ offset: 0, length: 1, files: 9, bytes: 5 }], together: [] },
}
const outcome = { copied: 6, copiedBytes: 60, present: 7 }

function ownerNamed(id: string, gone: readonly string[] = []) {
  return { id, isGone: (other: string) => gone.includes(other) }
}

function endWalk(folder: RunFolder) {
  writeFileSync(folder.file('files'), 'x')
  writeFileSync(folder.file('together'), '')
  folder.endWalk(index)
}

describe('RunFolder', () => {
  it('is the same for the same copy, and another for another', () => {
    const path = (...identity: string[]) => new RunFolder('/w', identity).path
    expect(path('a', 'b')).toBe(path('a', 'b'))
    expect(new Set([path('a', 'b'), path('ab'), path('b', 'a')]).size).toBe(3)
  })

  it('belongs to one program at a time, and is taken over from one that has gone', () => {
    const folder = new RunFolder(temporaryFolder(), ['x'])
    folder.claim(ownerNamed('first'))
    expect(() => folder.claim(ownerNamed('second'))).toThrow(expect.objectContaining({ kind: 'retry' }))
    folder.claim(ownerNamed('second', ['first']))
    expect(readFileSync(folder.file('owner'), 'utf8')).toBe('second')
    folder.release()
    folder.claim(ownerNamed('third'))
  })

  it('is taken over after a restart, when another process has got the number of its owner', () => {
    const folder = new RunFolder(temporaryFolder(), ['x'])
    folder.claim(ownerNamed('me-7'))
    const restarted = { id: 'me-8', isGone: (_: string, lastWrite: Date) => lastWrite.getTime() < Date.now() - 1000 }
    expect(() => folder.claim(restarted)).toThrow(expect.objectContaining({ kind: 'retry' }))
    utimesSync(folder.file('owner'), 0, 0)
    folder.claim(restarted)
    expect(readFileSync(folder.file('owner'), 'utf8')).toBe('me-8')
  })

  it('knows what an earlier run has found and finished, except a line that was cut', () => {
    const folder = new RunFolder(temporaryFolder(), ['x'])
    folder.claim(ownerNamed('first'))
    expect(folder.earlier()).toBeUndefined()
    endWalk(folder)
    expect(folder.earlier()).toEqual({ index, finished: [] })
    folder.finish(part, 'files', outcome)
    appendFileSync(folder.file('finished'), '{"spool":"files","firstCr')
    expect(folder.earlier()?.finished).toEqual([
      { spool: 'files', firstCrumb: 3, crumbCount: 2, files: 7, copied: 6, copiedBytes: 60, present: 7 },
    ])
    // The next run writes behind it.
    folder.finish(part, 'files', outcome)
    folder.finish({ ...part, firstCrumb: 5 }, 'files', outcome)
    expect(folder.earlier()?.finished.map(({ firstCrumb }) => firstCrumb)).toEqual([3, 5])
    folder.clear()
    expect(folder.earlier()).toBeUndefined()
    folder.remove(ownerNamed('first'))
    expect(existsSync(folder.path)).toBe(false)
  })

  it.each(['', '{"found":', '\0\0\0\0', 'null', '[]'])('begins anew where a crash has left %j', (text) => {
    const folder = new RunFolder(temporaryFolder(), ['x'])
    folder.claim(ownerNamed('first'))
    endWalk(folder)
    writeFileSync(folder.file('index.json'), text)
    expect(folder.earlier()).toBeUndefined()
  })

  it('does not trust lists that are shorter than the walk has left them', () => {
    const folder = new RunFolder(temporaryFolder(), ['x'])
    folder.claim(ownerNamed('first'))
    endWalk(folder)
    writeFileSync(folder.file('files'), '')
    expect(folder.earlier()).toBeUndefined()
  })

  it('does not trust what was finished before the machine was started anew', () => {
    const folder = new RunFolder(temporaryFolder(), ['x'])
    folder.claim(ownerNamed('first'))
    endWalk(folder)
    folder.finish(part, 'files', outcome)
    const walked = JSON.parse(readFileSync(folder.file('index.json'), 'utf8'))
    writeFileSync(folder.file('index.json'), JSON.stringify({ ...walked, boot: 'another' }))
    expect(folder.earlier()).toBeUndefined()
  })
})
