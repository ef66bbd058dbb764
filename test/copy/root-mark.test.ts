import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { markRoot } from '../../src/copy/root-mark.ts'
import { temporaryFolder } from '../fakes/folder.ts'

it('tells a folder that was replaced, or went', async () => {
  const folder = join(temporaryFolder(), 'src')
  mkdirSync(folder)
  const mark = await markRoot(folder)
  await mark.check()
  renameSync(folder, `${folder}.old`)
  const gone = { kind: 'unavailable', message: `${folder} is another folder than when the copy began` }
  await expect(mark.check()).rejects.toThrow(expect.objectContaining(gone))
  mkdirSync(folder)
  await expect(mark.check()).rejects.toThrow(expect.objectContaining(gone))
  rmSync(folder, { recursive: true })
})

it('watches nothing that was not there', async () => {
  for (const path of [undefined, join(temporaryFolder(), 'none')]) await (await markRoot(path)).check()
})
