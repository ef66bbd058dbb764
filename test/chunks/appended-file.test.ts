import { appendFileSync, readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { AppendedFile } from '../../src/chunks/appended-file.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const line = (index: number) => `line ${index}\n`

test('lines that are asked for at the same time go to the disk together, in their order', async () => {
  const path = join(temporaryFolder(), 'list')
  const { appended: file } = await AppendedFile.open(path)
  const datasync = vi.spyOn(await prototypeOfHandles(path), 'datasync')
  const lines = Array.from({ length: 50 }, (_, index) => line(index))
  await Promise.all(lines.map((each) => file.append(each)))
  expect(datasync.mock.calls.length).toBeLessThan(5)
  datasync.mockRestore()
  expect(await textOf(file)).toBe(lines.join(''))
  await file.close()
  expect(readFileSync(path, 'utf8')).toBe(lines.join(''))
})

test('lines that the disk refused are in the file no more when others are', async () => {
  const path = join(temporaryFolder(), 'list')
  const { appended: file } = await AppendedFile.open(path)
  await file.append(line(1))
  const datasync = vi.spyOn(await prototypeOfHandles(path), 'datasync')
  datasync.mockRejectedValueOnce(Object.assign(new Error('no space'), { code: 'ENOSPC' }))
  const [second, third] = await Promise.allSettled([file.append(line(2)), file.append(line(3))])
  expect([second, third]).toMatchObject([
    { status: 'rejected', reason: { code: 'ENOSPC', path } },
    { status: 'rejected', reason: { code: 'ENOSPC', path } },
  ])
  datasync.mockRestore()
  expect(await textOf(file)).toBe(line(1))
  await file.append(line(4))
  await file.close()
  expect(readFileSync(path, 'utf8')).toBe(line(1) + line(4))
})

test('lines of others that come meanwhile stay, before and after a failure', async () => {
  const path = join(temporaryFolder(), 'list')
  const { appended: file } = await AppendedFile.open(path)
  await file.append(line(1))
  appendFileSync(path, 'of others\n')
  const datasync = vi.spyOn(await prototypeOfHandles(path), 'datasync')
  datasync.mockRejectedValueOnce(Object.assign(new Error('no space'), { code: 'ENOSPC' }))
  await expect(file.append(line(2))).rejects.toMatchObject({ code: 'ENOSPC' })
  datasync.mockRestore()
  appendFileSync(path, 'more of others\n')
  await file.append(line(3))
  expect(await textOf(file)).toBe(`${line(1)}of others\nmore of others\n${line(3)}`)
  await file.close()
})

async function textOf(file: AppendedFile): Promise<string> {
  let text = ''
  for await (const piece of file.read(file.bytes)) text += Buffer.from(piece).toString()
  return text
}

async function prototypeOfHandles(path: string): Promise<FileHandle> {
  const handle = await open(path)
  await handle.close()
  return Object.getPrototypeOf(handle)
}
