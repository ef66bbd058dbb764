import { openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FileInput } from '../../src/stream/file-input.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { readAll } from '../fakes/inputs.ts'

test('a file gives its bytes, and may be closed twice: its number can be of another file then', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, 'some bytes')
  const fd = openSync(file, 'r')
  const input = new FileInput(fd)
  expect((await readAll(input)).toString()).toBe('some bytes')
  await input.close()
  const next = openSync(file, 'r')
  expect(next).toBe(fd)
  await input.close()
  expect((await readAll(new FileInput(next))).toString()).toBe('some bytes')
})
