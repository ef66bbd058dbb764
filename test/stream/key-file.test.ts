import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createKeyFile, readKeyFile } from '../../src/stream/key-file.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const sample = `zpipes-key-1:${Buffer.alloc(32, 7).toString('base64url')}`

function written(text: string, mode = 0o600): string {
  const file = join(temporaryFolder(), 'key')
  writeFileSync(file, text, { mode })
  chmodSync(file, mode)
  return file
}

describe('createKeyFile', () => {
  it('makes a key of 32 bytes that its owner alone may read, each time another', async () => {
    const folder = temporaryFolder()
    const [one, two] = [join(folder, 'one'), join(folder, 'two')]
    await createKeyFile(one)
    await createKeyFile(two)
    expect(statSync(one).mode & 0o777).toBe(0o600)
    expect(await readKeyFile(one)).toHaveLength(32)
    expect(await readKeyFile(one)).not.toEqual(await readKeyFile(two))
  })

  it('replaces no file', async () => {
    const file = written('precious')
    await expect(createKeyFile(file)).rejects.toMatchObject({ kind: 'exists', message: `${file}: exists already` })
    expect(readFileSync(file, 'utf8')).toBe('precious')
  })
})

describe('readKeyFile', () => {
  it.each([
    ['the line alone', sample],
    ['after remarks', `# one\n\n  # two\n${sample}\n`],
    ['with line ends of other systems', `${sample}\r\n`],
  ])('reads %s', async (_, text) => {
    expect(Buffer.from(await readKeyFile(written(text)))).toEqual(Buffer.alloc(32, 7))
  })

  it.each([
    ['nothing', ''],
    ['remarks alone', '# no key\n'],
    ['a key cut short', sample.slice(0, -1)],
    ['a key with more behind it', `${sample}A`],
    ['bits that belong to no byte', `${sample.slice(0, -1)}B`],
    ['two keys', `${sample}\n${sample}`],
    ['another version', sample.replace('key-1', 'key-2')],
    ['what is no key at all', '-----BEGIN PRIVATE KEY-----\n'],
  ])('refuses %s', async (_, text) => {
    const file = written(text)
    await expect(readKeyFile(file)).rejects.toMatchObject({
      kind: 'configuration',
      message: `${file}: holds no key, or more than one`,
    })
  })

  it.each([0o640, 0o604, 0o620, 0o666])('refuses a file of mode %o', async (mode) => {
    const file = written(sample, mode)
    await expect(readKeyFile(file)).rejects.toMatchObject({ kind: 'permission', hint: `chmod 600 ${file}` })
  })

  it.each([0o755, 0o700])('refuses a directory of mode %o, and gives no advice on its mode', async (mode) => {
    const folder = temporaryFolder()
    chmodSync(folder, mode)
    const refused = { kind: 'configuration', message: `${folder}: is a directory, and no key file`, hint: undefined }
    await expect(readKeyFile(folder)).rejects.toMatchObject(refused)
  })

  it('says which file is not there', async () => {
    await expect(readKeyFile('/no/such/key')).rejects.toMatchObject({ code: 'ENOENT', path: '/no/such/key' })
  })
})
