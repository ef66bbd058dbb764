import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { sh } from '../fakes/programs.ts'

/** What a shell, a printf, a flag parser, a terminal or a path would take for more than a name. */
const names = [
  '$(touch pwned)',
  '`touch pwned`',
  '; touch pwned #',
  '| touch pwned',
  "'; touch pwned; '",
  '"; touch pwned; "',
  '&& touch pwned',
  '-F',
  '--help',
  '--rsh=touch pwned',
  '..',
  '%s%n',
  'a\nb; touch pwned',
  '\u001b[31mred\u0007',
  'two  spaces ',
  '*',
  '~root',
  'ünïcödé \u202e',
]

async function expectHarmless(line: string, folder: string, name: string, statuses: readonly number[]) {
  const ended = await sh(line, folder, { NAME: name })
  expect({ ...ended, status: statuses.includes(ended.status) || ended.status }).toMatchObject({ status: true })
  expect(existsSync(join(folder, 'pwned'))).toBe(false)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would obey them.
  expect(ended.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  return ended
}

describe.each(names)('the name %j', (name) => {
  test('of a key, of metadata, of a snapshot, of a host', async () => {
    const folder = temporaryFolder()
    const key = `file://${folder}/store/x${encodeURIComponent(name)}`
    mkdirSync(join(folder, 'store'))
    const put = `echo data | pput --json --format bytes --metadata "note=$NAME" "${key}"`
    const ended = await expectHarmless(`${put} && pget "${key}"`, folder, name, [0, 64])
    if (ended.status === 0) expect(ended.stdout).toMatch(/\ndata\n$/)
    await expectHarmless('zsnap create -- "$NAME"', folder, name, [64, 69])
    await expectHarmless('printf "%s\\n" "$NAME" | zsnap destroy --yes -', folder, name, [64, 69])
    await expectHarmless('zudp-send --insecure --wait 1ms -- "$NAME" </dev/null', folder, name, [64, 69])
  })
})

test('all of them, of files', async () => {
  const folder = temporaryFolder()
  for (const each of ['chunks', 'source', 'shipped', 'printed', 'copied']) mkdirSync(join(folder, each))
  const files = names.filter((name) => name !== '..').sort()
  for (const name of files) {
    writeFileSync(join(folder, 'chunks', name), `data of ${name}`)
    writeFileSync(join(folder, 'source', name), `data of ${name}`)
  }
  await expectHarmless('chunkwatch --once --settle 0s chunks "file://$PWD/shipped"', folder, '', [0])
  expect(
    readdirSync(join(folder, 'shipped'))
      .filter((name) => names.includes(name))
      .sort(),
  ).toEqual(files)
  await expectHarmless(
    'dsync -q -n 2 source/ copied/ && dsync -q -n 2 --working-dir work --print source/ printed/ | sh',
    folder,
    '',
    [0],
  )
  for (const copy of ['copied', 'printed']) {
    expect(readdirSync(join(folder, copy)).sort()).toEqual(files)
    for (const name of files) expect(readFileSync(join(folder, copy, name), 'utf8')).toBe(`data of ${name}`)
  }
})
