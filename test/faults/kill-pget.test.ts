import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { sh, start } from '../fakes/programs.ts'

const bytes = randomBytes(12 * 1024 * 1024)

test('P3: what a killed pget -o leaves beside its file is removed by the next one', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'source'), bytes)
  expect(await sh('pput --format bytes file://$FOLDER/object <source', folder)).toMatchObject({ status: 0 })
  const got = join(folder, 'got')
  const words = ['--format', 'bytes', '--bwlimit', '4M', '-o', got, `file://${folder}/object`]
  const { child, ended } = start('pget', words)
  const leftovers = () => filesBelow(folder).filter((name) => name.endsWith('.part'))
  await expect.poll(leftovers, { timeout: 20_000 }).toHaveLength(1)
  child.kill('SIGKILL')
  expect((await ended).status).toBe(137)
  expect(leftovers()).toHaveLength(1)
  expect(filesBelow(folder)).not.toContain('got')

  expect(await sh('pget --format bytes -o got file://$FOLDER/object', folder)).toMatchObject({ status: 0, stderr: '' })
  expect(leftovers()).toEqual([])
  expect(Buffer.compare(readFileSync(got), bytes)).toBe(0)
})
