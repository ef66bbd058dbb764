import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { type Ended, root, sh } from '../fakes/programs.ts'

const vectors = join(root, 'test/vectors/demo')
const mib = 1024 * 1024
const nothing = { status: 0, stdout: '', stderr: '' }

/** A store with `zfs`, a recorded stream, and `b`, bytes of 3 MiB and a bit, both stored as keys and left as files. */
async function prepare() {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'bytes'), randomBytes(3 * mib + 17))
  const run = (commandLine: string): Promise<Ended> => sh(commandLine, folder, { S: `file://${folder}/store` })
  const put = `mkdir store; gzip -dc ${vectors}/full.zfs.gz > zfs; pput $S/zfs < zfs; pput $S/b < bytes`
  expect(await run(put)).toEqual(nothing)
  return { folder, run }
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(file, bytes)
}

describe('an object', () => {
  test('comes back as it was', async () => {
    const { run } = await prepare()
    expect(await run('pget $S/zfs | cmp - zfs && pget $S/b | cmp - bytes && pget $S/b > f && cmp f bytes')).toEqual(
      nothing,
    )
  })

  test('in part', async () => {
    const { run } = await prepare()
    expect(
      await run('pget --offset 1M --length 1500000 $S/b | cmp - <(tail -c +1048577 bytes | head -c 1500000)'),
    ).toEqual(nothing)
    expect(await run('pget --offset 3145745 $S/b | wc -c')).toMatchObject({ stdout: '0\n' })
    expect(await run('pget --offset 3145746 $S/b')).toMatchObject({ status: 64, stdout: '' })
    expect(await run('pget --no-verify --format zfs $S/b')).toMatchObject({ status: 64, stdout: '' })
    expect(await run('pget --no-verify --length 10 $S/b | cmp - <(head -c 10 bytes)')).toEqual(nothing)
  })

  test('P2: to a file, which is there whole or not at all', async () => {
    const { folder, run } = await prepare()
    expect(await run('pget -o out $S/b && cmp out bytes')).toEqual(nothing)
    flip(join(folder, 'store/zfs'), 1000)
    expect(await run('pget -o out2 $S/zfs')).toMatchObject({ status: 65 })
    expect(filesBelow(folder).filter((file) => file.includes('out'))).toEqual(['out'])
  })

  test('through two filters, one after the other', async () => {
    const { run } = await prepare()
    const two = "pput --through 'zstd -cq' --through 'gzip -c' $S/two < zfs; gzip -dc store/two | zstd -dcq | cmp - zfs"
    expect(await run(two)).toEqual(nothing)
    expect(await run("pget --through 'gzip -dc' --through 'zstd -dcq' $S/two | cmp - zfs")).toEqual(nothing)
  })

  test('through a filter, and by the recorded compressor', async () => {
    const { run } = await prepare()
    expect(await run("pput --through 'zstd -cq' $S/z < zfs && pget --through 'zstd -dcq' $S/z | cmp - zfs")).toEqual(
      nothing,
    )
    expect(await run('pget --decompress $S/z | cmp - zfs && pget --decompress $S/b | cmp - bytes')).toEqual(nothing)
    expect(await run('gzip -c zfs | pput --meta compressor=pigz1 $S/p && pget --decompress $S/p | cmp - zfs')).toEqual(
      nothing,
    )
  })

  test('at no more than the rate that is given', async () => {
    const { run } = await prepare()
    const began = performance.now()
    expect(await run('pget --bwlimit 2M $S/b | cmp - bytes')).toEqual(nothing)
    expect(performance.now() - began).toBeGreaterThan(1000)
  })
})

describe('P4: what cannot be trusted', () => {
  test('a missing key: nothing on stdout', async () => {
    const { run } = await prepare()
    expect(await run('pget $S/no/such')).toEqual({
      status: 69,
      stdout: '',
      stderr: expect.stringContaining('no such object'),
    })
  })

  test.each([0, 2 * mib, 3 * mib + 16])('a bit flipped at %i: the last piece is withheld', async (at) => {
    const { folder, run } = await prepare()
    flip(join(folder, 'store/b'), at)
    expect(await run('pget $S/b > got')).toMatchObject({ status: 65, stderr: expect.stringContaining('xxh64 is') })
    expect(readFileSync(join(folder, 'got')).length).toBe(3 * mib)
    expect(await run('pget --no-verify $S/b | wc -c')).toMatchObject({ status: 0, stdout: '3145745\n' })
  })

  test('an object that was cut or grew', async () => {
    const { run } = await prepare()
    expect(await run('truncate -s 1M store/b; pget $S/b')).toMatchObject({ status: 65, stdout: '' })
    expect(await run('truncate -s 9M store/b; pget $S/b')).toMatchObject({ status: 65, stdout: '' })
  })

  test('a damaged compressed object does not pass its filter as whole', async () => {
    const { folder, run } = await prepare()
    expect(await run("pput --through 'zstd -cq' $S/z < zfs")).toEqual(nothing)
    flip(join(folder, 'store/z'), 100_000)
    expect(await run('pget --decompress $S/z > got')).toMatchObject({ status: 65 })
  })

  test('a filter that fails', async () => {
    const { run } = await prepare()
    expect(await run("pget --through 'cat; exit 3' $S/b | wc -c")).toMatchObject({
      status: 65,
      stderr: expect.stringContaining('status 3'),
    })
  })

  test('no compressor, by name', async () => {
    const { run } = await prepare()
    expect(await run('pput --meta compressor=none $S/n < bytes && pget --decompress $S/n | cmp - bytes')).toEqual(
      nothing,
    )
  })

  test('an unknown compressor', async () => {
    const { run } = await prepare()
    await run('pput --meta compressor=arj $S/a < bytes')
    expect(await run('pget --decompress $S/a')).toMatchObject({
      status: 65,
      stdout: '',
      stderr: expect.stringContaining('arj'),
    })
  })
})

describe('a file that nobody recorded', () => {
  test('is proven by its stream, also compressed', async () => {
    const { run } = await prepare()
    expect(await run('cp zfs store/x; pget $S/x | cmp - zfs')).toEqual(nothing)
    expect(await run('gzip -c zfs > store/y; pget $S/y | cmp - store/y')).toEqual(nothing)
  })

  test('is refused when its stream is cut, with the last piece withheld', async () => {
    const { folder, run } = await prepare()
    expect(await run('head -c 600000 zfs > store/x; pget $S/x > got')).toMatchObject({ status: 65 })
    expect(readFileSync(join(folder, 'got')).length).toBe(0)
  })

  test('is refused as bytes, unless that is asked for', async () => {
    const { run } = await prepare()
    expect(await run('cp bytes store/x; pget $S/x')).toMatchObject({
      status: 65,
      stdout: '',
      stderr: expect.stringContaining('nothing proves it whole'),
    })
    expect(await run('pget --no-verify $S/x | cmp - bytes')).toEqual(nothing)
  })
})
