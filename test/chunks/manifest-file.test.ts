import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { manifestHead, md5Line, parseManifest } from '../../src/chunks/manifest.ts'
import { ManifestFile } from '../../src/chunks/manifest-file.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { openFiles } from '../fakes/open-files.ts'

const entry = (chunk: string, digit = 'a') => ({ chunk, size: 1, md5: digit.repeat(32), sha256: digit.repeat(64) })

test('what a killed program left half written is put right', async () => {
  const folder = temporaryFolder()
  const first = await ManifestFile.open(folder)
  expect(await Promise.all(['xaa', 'xab', 'xac'].map((name) => first.record(entry(name))))).toEqual([true, true, true])
  expect(await first.record(entry('xab'))).toBe(false)
  await first.close()
  const whole = readFileSync(join(folder, 'files.manifest'), 'utf8')
  appendFileSync(join(folder, 'files.manifest'), '{"chunk":"xad","si')
  writeFileSync(join(folder, 'files.md5'), `${md5Line(entry('xaa'))}\n${'a'.repeat(20)}`)

  const again = await ManifestFile.open(folder)
  expect([...again.chunks.keys()]).toEqual(['xaa', 'xab', 'xac'])
  await again.close()
  expect(readFileSync(join(folder, 'files.manifest'), 'utf8')).toBe(whole)
  const lines = ['xaa', 'xab', 'xac'].map((name) => `${md5Line(entry(name))}\n`)
  expect(readFileSync(join(folder, 'files.md5'), 'utf8')).toBe(lines.join(''))
})

test('other bytes under a name, and a chunk behind the END, are refused', async () => {
  const manifest = await ManifestFile.open(temporaryFolder())
  await manifest.record(entry('xaa'))
  await expect(manifest.record(entry('xaa', 'b'))).rejects.toMatchObject({ kind: 'exists' })
  await manifest.finish({ end: 'count', chunks: 1, size: 1 })
  await expect(manifest.record(entry('xab'))).rejects.toMatchObject({ kind: 'exists' })
  expect(await manifest.record(entry('xaa'))).toBe(false)
  await manifest.close()
})

test.each(['a poem\n', '{"a":"poem"}\n', 'a line without its end'])(
  'what is no manifest is refused, and stays as it is: %j',
  async (text) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'files.manifest'), text)
    await expect(ManifestFile.open(folder)).rejects.toMatchObject({ kind: 'data' })
    expect(readFileSync(join(folder, 'files.manifest'), 'utf8')).toBe(text)
    expect(openFiles()).not.toContainEqual(expect.stringContaining(folder))
  },
)

test.each([0, 1, manifestHead.length - 1])('a manifest of %i bytes was begun, and is begun again', async (bytes) => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'files.manifest'), manifestHead.slice(0, bytes))
  await (await ManifestFile.open(folder)).close()
  expect(readFileSync(join(folder, 'files.manifest'), 'utf8')).toBe(manifestHead)
})

test('a list that others have begun keeps each line, though its names are no UTF-8, and the last has no end', async () => {
  const folder = temporaryFolder()
  const line = Buffer.from(`${'b'.repeat(32)}  caf\xe9\n`, 'latin1')
  const last = Buffer.from(`${'c'.repeat(32)}  \xe9`, 'latin1')
  writeFileSync(join(folder, 'files.md5'), Buffer.concat([line, last]))
  const manifest = await ManifestFile.open(folder)
  await manifest.record(entry('xaa'))
  await manifest.record(entry('xab'))
  await manifest.close()
  const added = ['xaa', 'xab'].map((name) => `${md5Line(entry(name))}\n`).join('')
  expect(readFileSync(join(folder, 'files.md5'))).toEqual(Buffer.concat([line, last, Buffer.from(`\n${added}`)]))
})

test.each(['../../etc/shadow', '/etc/shadow', 'a/b', '..', '.', 'a\0b'])('no chunk is called %j', (name) => {
  const text = `${manifestHead}${JSON.stringify(entry(name))}\n`
  expect(() => parseManifest(text, 'list')).toThrow('list:2: is no entry of a manifest')
})
