import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { checkVanished } from '../../src/copy/check-vanished.ts'
import type { Attempt, Copier, PartJob } from '../../src/copy/copier.ts'
import type { EntryKind } from '../../src/copy/entry.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const done: Attempt = { end: 'done', copied: 0, copiedBytes: 0, present: 0, failed: 0, names: [], reason: '' }
const copier = { kinds: new Set<EntryKind>(['file']) } as unknown as Copier

describe('checkVanished', () => {
  let folder: string
  beforeEach(() => {
    folder = temporaryFolder()
    mkdirSync(join(folder, 'src/now a folder'), { recursive: true })
    writeFileSync(join(folder, 'src/#there'), 'x')
    writeFileSync(join(folder, 'src/also ä'), 'x')
  })

  /** After an attempt that found so many of these names. */
  async function check(names: readonly string[], attempt: Partial<Attempt>) {
    const spoolPath = join(folder, 'files')
    const bytes = Buffer.from(names.map((name) => `${name}\0`).join(''))
    writeFileSync(spoolPath, bytes)
    const part = { number: 1, spool: 'files', firstCrumb: 0, crumbCount: 1, offset: 0, length: bytes.length, bytes: 0 }
    const job = { part: { ...part, files: names.length }, spoolPath } as unknown as PartJob
    const source = { path: join(folder, 'src'), isExcluded: (name: string) => name === 'out' }
    return await checkVanished(source, copier, job, { ...done, ...attempt })
  }

  it('believes it of names that are gone, or are something else now', async () => {
    expect(await check(['gone', 'now a folder', './#there'], { present: 1 })).toMatchObject({ end: 'done', failed: 0 })
  })

  it('finds those that are there, and were passed over', async () => {
    expect(await check(['gone', './#there', 'also ä'], { present: 1 })).toMatchObject({
      end: 'partial',
      present: 2,
      failed: 1,
      names: ['also ä'],
      reason: '1 names are there, and were passed over',
    })
  })

  it('looks into a folder that stands for what lies in it', async () => {
    for (const name of ['a', 'b', 'out']) writeFileSync(join(folder, 'src/now a folder', name), 'x')
    expect(await check(['now a folder/', 'gone/'], { present: 1, failed: 0 })).toMatchObject({ present: 2, failed: 1 })
    expect(await check(['./', 'gone/', 'gone'], { present: 2 })).toMatchObject({ end: 'done', failed: 0 })
  })

  it('counts a name that stands there twice once', async () => {
    expect(await check(['./#there', './#there'], { present: 1 })).toMatchObject({ end: 'done', failed: 0 })
  })

  it.each([
    ['all were found', { present: 2 }],
    ['it broke', { end: 'broken' as const, present: 0 }],
    ['nobody knows', { present: undefined }],
  ])('says nothing when %s', async (_, attempt) => {
    expect(await check(['./#there', 'also ä'], attempt)).toEqual({ ...done, ...attempt })
  })
})
