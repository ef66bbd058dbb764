import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Copier } from '../../src/copy/copier.ts'
import type { Entry } from '../../src/copy/entry.ts'
import { printParts } from '../../src/copy/print-parts.ts'
import { RunFolder } from '../../src/copy/run-folder.ts'
import { Tally } from '../../src/copy/tally.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const owner = { id: 'test', isGone: () => false }
const fileAt = (path: string): Entry => ({ path, kind: 'file', bytes: 1, isSparse: false })

describe('printParts', () => {
  let folder: RunFolder
  beforeEach(() => {
    folder = new RunFolder(temporaryFolder(), ['test'])
  })

  /** What the lists of all parts hold, by the command that names them. */
  async function listsOf(entries: readonly Entry[], listEnd: Copier['listEnd']) {
    const copier = {
      kinds: new Set(['file']),
      listEnd,
      commandFor: (list: string, isTogether: boolean) => `${isTogether} ${list}`,
    } as unknown as Copier
    const source = { copier, folder, owner, isDeep: false, reuse: false, tally: new Tally() }
    const walk = async function* () {
      yield entries
    }
    const lists: [boolean, string][] = []
    for await (const line of printParts({ ...source, entries: walk }, 2, new AbortController().signal)) {
      const [isTogether, path = ''] = line.split(' ')
      lists.push([isTogether === 'true', readFileSync(path, 'latin1')])
    }
    return lists
  }

  it('writes a list of its own for each part, names of one file in one', async () => {
    const twin = { sharedInode: '1:2' }
    expect(await listsOf([fileAt('a'), { ...fileAt('b'), ...twin }, { ...fileAt('c'), ...twin }], '\0')).toEqual([
      [false, 'a\0'],
      [true, 'b\0c\0'],
    ])
  })

  it('keeps what rsync would take for a comment, and line breaks, in lists with NULs', async () => {
    expect(await listsOf([fileAt('#a'), fileAt('b\nc')], '\0')).toEqual([[false, './#a\0b\nc\0']])
  })

  it('writes lines for rclone, and refuses a name that no line can hold', async () => {
    expect(await listsOf([fileAt('#a')], '\n')).toEqual([[false, '#a\n']])
    await expect(listsOf([fileAt('b\nc')], '\n')).rejects.toMatchObject({ kind: 'usage' })
  })

  it('lets go of its folder when it fails', async () => {
    await expect(listsOf([fileAt('b\nc')], '\n')).rejects.toThrow()
    folder.claim({ id: 'another', isGone: () => false })
  })
})
