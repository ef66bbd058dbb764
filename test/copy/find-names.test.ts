import { beforeEach, describe, expect, it } from 'vitest'
import type { Copier } from '../../src/copy/copier.ts'
import type { Entry } from '../../src/copy/entry.ts'
import { emptyQueues, findNames, type NameSource } from '../../src/copy/find-names.ts'
import { RunFolder } from '../../src/copy/run-folder.ts'
import { Tally } from '../../src/copy/tally.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const fileAt = (path: string): Entry => ({ path, kind: 'file', bytes: 1, isSparse: false })

const { signal } = new AbortController()

describe('findNames', () => {
  let folder: RunFolder
  beforeEach(() => {
    folder = new RunFolder(temporaryFolder(), ['test'])
    folder.claim({ id: 'test', isGone: () => false })
  })

  function sourceOf(entries: NameSource['entries'], rest: Partial<NameSource> = {}): NameSource {
    const copier = { kinds: new Set(['file']) } as unknown as Copier
    return { copier, folder, entries, isDeep: false, reuse: false, tally: new Tally(), ...rest }
  }

  it('has a first part soon after a slow walk began: no later than a second, of 20', async () => {
    let nowMs = 0
    const queues = emptyQueues(false, { now: () => nowMs })
    let firstPartMs: number | undefined
    const look = () => {
      if (queues.files.take(1) !== undefined) firstPartMs ??= nowMs
    }
    // Each name takes 20 ms to be looked at.
    const entries = async function* () {
      for (let index = 0; index < 1000; index += 10) {
        nowMs += 200
        yield Array.from({ length: 10 }, (_, more) => fileAt(`file ${index + more}`))
      }
    }
    await findNames(sourceOf(entries), queues, look, signal)
    expect(nowMs).toBe(20_000)
    expect(firstPartMs).toBeLessThanOrEqual(1000)
  })

  it('gives the parts of both queues numbers of their own', async () => {
    const queues = emptyQueues(false)
    const entries = async function* () {
      yield [fileAt('one'), { ...fileAt('two'), sharedInode: '1:2' }, { ...fileAt('three'), sharedInode: '1:2' }]
    }
    await findNames(sourceOf(entries), queues, () => {}, signal)
    expect(queues.files.take(1)).toMatchObject({ number: 1, spool: 'files', files: 1 })
    expect(queues.together.take(1)).toMatchObject({ number: 2, spool: 'together', files: 2 })
  })

  it('counts the folders that nothing is in', async () => {
    const folderAt = (path: string): Entry => ({ ...fileAt(path), kind: 'directory', bytes: 0 })
    const source = sourceOf(async function* () {
      yield [folderAt('a'), folderAt('b'), fileAt('one')]
      yield [folderAt('a/c'), folderAt('a/d')]
      yield [fileAt('a/c/two')]
      yield [fileAt('a/c/three')]
    })
    await findNames(source, emptyQueues(false), () => {}, signal)
    expect(source.tally.found).toMatchObject({ folders: 4, emptyFolders: 2 })
  })

  it('leaves nothing to go on with if something could not be read', async () => {
    const source = sourceOf(async function* (onUnreadable) {
      onUnreadable({ path: 'closed', code: 'EACCES' })
      yield [fileAt('one')]
    })
    await findNames(source, emptyQueues(false), () => {}, signal)
    expect(source.tally.problems).toMatchObject([{ names: ['closed'], reason: 'cannot be read: EACCES' }])
    expect(folder.earlier()).toBeUndefined()
  })

  it('goes on where an earlier run was: what names stand for is counted as it was found', async () => {
    const entries = async function* () {
      yield [fileAt('one'), fileAt('two')]
    }
    const first = emptyQueues(true)
    await findNames(sourceOf(entries, { isDeep: true }), first, () => {}, signal)
    const part = first.files.take(1)
    if (part === undefined) throw new Error('no part')
    folder.finish(part, 'files', { copied: 70, copiedBytes: 700, present: 100 })

    const second = emptyQueues(true)
    const source = sourceOf(entries, { isDeep: true, reuse: true })
    await findNames(source, second, () => {}, signal)
    expect(second.files.take(1)).toMatchObject({ firstCrumb: 1, files: 1 })
    expect(source.tally).toMatchObject({ found: { files: 101 }, copied: 70, unchanged: 30, vanished: 0 })
  })
})
