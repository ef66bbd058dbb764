import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { type Ended, root, sh } from '../fakes/programs.ts'

const vectors = join(root, 'test/vectors/demo')
const mib = 1024 * 1024

/** A folder with a recorded stream and some bytes; `put` runs pput on one of them, with the folder as store. */
function prepare() {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'bytes'), randomBytes(3 * mib + 17))
  const store = join(folder, 'store')
  const run = (commandLine: string, environment: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    sh(`mkdir -p store; gzip -dc ${vectors}/full.zfs.gz > zfs; ${commandLine}`, folder, {
      STORE: `file://${store}`,
      ...environment,
    })
  return { folder, store, run }
}

/** All records in a store, by the name of their object. */
function recordOf(store: string, name: string): Record<string, unknown> {
  const file = filesBelow(store).find((each) => each.includes(`.${name}.`)) ?? ''
  return JSON.parse(readFileSync(join(store, file), 'utf8'))
}

const nothing = { status: 0, stdout: '', stderr: '' }

describe('what is stored', () => {
  test('a ZFS stream, with what it says of itself', async () => {
    const { store, run } = prepare()
    expect(await run('pput $STORE/a@s1 < zfs')).toEqual(nothing)
    expect(recordOf(store, 'a@s1')).toMatchObject({
      size: 674928,
      metadata: {
        'zfs-snapshot': 'p/a@s1',
        'zfs-guid': 'a45cb216d55458f6',
        'zfs-creation': expect.stringMatching(/^1\d{9}$/),
        'zfs-kind': 'simple',
        'zfs-features': 'sa-spill',
      },
    })
    expect(await run('cmp zfs store/a@s1')).toEqual(nothing)
  })

  test('any bytes, with the checksum that xxhsum computes', async () => {
    const { store, run } = prepare()
    expect(await run('cat bytes | pput $STORE/b')).toEqual(nothing)
    expect(recordOf(store, 'b')).toMatchObject({
      size: 3 * mib + 17,
      checksums: { xxh64: expect.stringMatching(/^[0-9a-f]{16}$/) },
    })
    expect(await run('cmp bytes store/b')).toEqual(nothing)
  })

  test('metadata as it is given; the value may hold equals signs', async () => {
    const { store, run } = prepare()
    expect(await run("pput --meta ana=are+mere --metadata 'Note=a = b' --meta size=5 $STORE/m < bytes")).toEqual(
      nothing,
    )
    expect(recordOf(store, 'm')).toMatchObject({ metadata: { ana: 'are+mere', note: 'a = b', size: '5' } })
  })

  test.each(['foo', '=x', 'zfs-guid=1', 'under_score=1'])('malformed metadata %s is refused', async (word) => {
    const { store, run } = prepare()
    expect(await run(`pput --meta ${word} $STORE/m < bytes`)).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('metadata'),
    })
    expect(filesBelow(store)).toEqual([])
  })

  test('from another descriptor', async () => {
    const { run } = prepare()
    expect(await run('pput --file-descriptor 7 $STORE/d 7< bytes && cmp bytes store/d')).toEqual(nothing)
    expect(await run('pput --file-descriptor 99 $STORE/e')).toMatchObject({ status: 64 })
    expect(await run('pput --file-descriptor 3 $STORE/e 3< bytes -- echo')).toMatchObject({ status: 64 })
  })

  test('at no more than the rate that is given', async () => {
    const { run } = prepare()
    const began = performance.now()
    expect(await run('pput --bwlimit 2M $STORE/slow < bytes')).toEqual(nothing)
    expect(performance.now() - began).toBeGreaterThan(1000)
  })
})

describe('P1, P2: what is refused leaves nothing', () => {
  const cases: readonly (readonly [what: string, commandLine: string, status: number, message: string])[] = [
    ['an empty stream', 'pput $STORE/k < /dev/null', 65, 'the input is empty'],
    ['what a filter makes of an empty stream', 'pput --through gzip $STORE/k < /dev/null', 65, 'the input is empty'],
    ['nothing of a filter', "pput --through 'cat >/dev/null' $STORE/k < bytes", 65, 'the input is empty'],
    [
      'a truncated stream',
      'head -c 400000 zfs | pput $STORE/k',
      65,
      'the stream of p/a@s1 is truncated: it ends at byte 400000',
    ],
    ['a damaged stream', '(head -c 9999 zfs; printf X; tail -c +10001 zfs) | pput $STORE/k', 65, 'is damaged at byte'],
    ['two streams one after the other', 'cat zfs zfs | pput $STORE/k', 65, 'zfs receive would ignore'],
    ['other bytes where ZFS is asked for', 'pput --format zfs $STORE/k < bytes', 65, 'no ZFS send stream'],
    ['another length', 'pput --expect-bytes 3M $STORE/k < bytes', 65, 'longer than the 3145728 bytes expected'],
    ['a shorter one', 'pput --expect-bytes 4M $STORE/k < bytes', 65, 'is 3145745 bytes, 4194304 were expected'],
    [
      'another sha256',
      `pput --expect-sha256 ${'0'.repeat(64)} $STORE/k < bytes`,
      65,
      'were expected'.replace('were', 'was'),
    ],
    ['no sha256 at all', 'pput --expect-sha256 123 $STORE/k < bytes', 64, '64 hexadecimal digits'],
    ['a filter that fails', "pput --through 'cat; exit 7' $STORE/k < bytes", 69, "'cat; exit 7' ended with status 7"],
    ['a filter that is not there', "pput --through 'no-such-program' $STORE/k < bytes", 69, 'ended with status 127'],
    [
      'the first of two filters that fails',
      "pput --through 'head -c 9; exit 7' --through cat $STORE/k < bytes",
      69,
      "'head -c 9; exit 7' ended with status 7",
    ],
    ['a filter that reads a part', "pput --through 'head -c 10' $STORE/k < bytes", 69, 'before it had read everything'],
    ['a producer that fails', "pput $STORE/k -- sh -c 'cat bytes; exit 3'", 65, 'sh ended with status 3'],
    ['a producer that is killed', "pput $STORE/k -- sh -c 'cat bytes; kill -9 $$'", 65, 'killed by SIGKILL'],
    ['a producer that is not there', 'pput $STORE/k -- no-such-program', 69, 'no such program'],
    ['a cut compressed stream', 'gzip -c zfs | head -c 200000 | pput --format zfs $STORE/k', 65, 'gzip'],
    [
      'a compressed cut stream',
      'head -c 500000 zfs | zstd -cq | pput --format zfs $STORE/k',
      65,
      'truncated: it ends at byte 500000',
    ],
    ['a lock where nobody keeps it', 'pput --lock-mode GOVERNANCE --lock-days 1 $STORE/k < bytes', 64, 'only S3 keeps'],
    ['a key without a store', 'pput k < bytes', 64, 'a key needs a store'],
    ['a directory that has no disk', 'pput file:///no-such-disk/k < bytes', 69, 'is its disk mounted?'],
  ]
  test.each(cases)('%s', async (_, commandLine, status, message) => {
    const { store, run } = prepare()
    expect(await run(commandLine)).toEqual({ status, stdout: '', stderr: expect.stringContaining(message) })
    expect(filesBelow(store)).toEqual([])
  })

  test('an existing key stays as it is, and is replaced when that is asked for', async () => {
    const { run } = prepare()
    await run('pput $STORE/k < zfs')
    expect(await run('pput $STORE/k < bytes')).toMatchObject({
      status: 73,
      stderr: expect.stringContaining('exists already'),
    })
    expect(await run('cmp zfs store/k && pput --overwrite $STORE/k < bytes && cmp bytes store/k')).toEqual(nothing)
  })

  test('a producer is not started for a key that exists', async () => {
    const { folder, run } = prepare()
    await run('pput $STORE/k < zfs')
    expect(await run("pput $STORE/k -- sh -c 'touch started; cat bytes'")).toMatchObject({ status: 73 })
    expect(filesBelow(folder)).not.toContain('started')
  })

  test.each(['0', '1.7', '-5', 'x'])('a concurrency of %s', async (value) => {
    const { run } = prepare()
    expect(await run(`pput --concurrency=${value} $STORE/k < bytes`)).toMatchObject({ status: 64, stdout: '' })
  })

  test('a full disk', async (context) => {
    const { folder, run } = prepare()
    const mounted = await run('mount -t tmpfs -o size=1M tmpfs store')
    if (mounted.status !== 0) context.skip('a small disk cannot be mounted here')
    try {
      expect(await run('pput $STORE/k < bytes')).toMatchObject({
        status: 74,
        stderr: expect.stringContaining('no space left'),
      })
      expect(filesBelow(join(folder, 'store'))).toEqual([])
    } finally {
      await run('umount store')
    }
  })
})

describe('what is let through', () => {
  test('an empty stream when that is asked for', async () => {
    const { run } = prepare()
    expect(await run('pput --allow-empty $STORE/k < /dev/null && cmp store/k /dev/null')).toEqual(nothing)
  })

  test('a damaged stream as bytes', async () => {
    const { run } = prepare()
    expect(await run('head -c 400000 zfs | pput --format bytes $STORE/k && cmp -n 400000 zfs store/k')).toEqual(nothing)
  })

  test('the expected length and sha256', async () => {
    const { folder, run } = prepare()
    const sha256 = createHash('sha256')
      .update(readFileSync(join(folder, 'bytes')))
      .digest('hex')
    expect(await run(`pput --expect-sha256 ${sha256.toUpperCase()} --expect-bytes 3145745 $STORE/k < bytes`)).toEqual(
      nothing,
    )
  })

  test.each([
    ['gzip', 'gzip -c'],
    ['zstd', 'zstd -cq'],
    ['lz4', 'lz4 -cq'],
    ['xz', 'xz -cq -0'],
  ])('a stream compressed by %s, looked into, its compressor recorded', async (compressor, command) => {
    const { store, run } = prepare()
    expect(await run(`${command} zfs | pput --format zfs $STORE/k`)).toEqual(nothing)
    expect(recordOf(store, 'k')).toMatchObject({ metadata: { compressor, 'zfs-guid': 'a45cb216d55458f6' } })
  })

  test('a filter between check and store', async () => {
    const { store, run } = prepare()
    expect(await run("pput --through 'zstd -cq | cat' $STORE/k < zfs && zstd -dcq store/k | cmp - zfs")).toEqual(
      nothing,
    )
    expect(recordOf(store, 'k')).toMatchObject({ metadata: { compressor: 'zstd', 'zfs-guid': 'a45cb216d55458f6' } })
  })

  test('what a program writes, its arguments untouched', async () => {
    const { run } = prepare()
    expect(await run(`pput $STORE/k -- printf '%s|' --help '*' 'a b' && cat store/k`)).toEqual({
      ...nothing,
      stdout: '--help|*|a b|',
    })
  })
})

describe('what is said', () => {
  test('a stream that zfs send -t goes on with is stored, and is no backup', async () => {
    const { run } = prepare()
    const file = join(root, 'test/vectors/send-streams/openzfs-2.1.11/resume-from-token.zfs.zst')
    expect(await run(`zstd -dcq ${file} | pput $STORE/k`)).toEqual({
      ...nothing,
      stderr: expect.stringMatching(/^pput: the stream of p\/L@1 is the rest of one \(zfs send -t\): where its /),
    })
  })

  test('--json: one line about the object', async () => {
    const { run } = prepare()
    const { stdout, status } = await run('pput --json $STORE/k < zfs')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      status: 'success',
      size: 674928,
      url: expect.stringMatching(/^file:.*\/k$/),
    })
  })

  test("a bare key: z3's line, unless it is quiet; settings come from z3's variables too", async () => {
    const { run } = prepare()
    const settings = { ZPIPES_STORE: 'file://$PWD/store', CHUNK_SIZE: '256M', CONCURRENCY: '32' }
    const call = 'ZPIPES_STORE=$STORE pput --estimated 1M --meta size=1 --meta isfull=true'
    const { stdout } = await run(`${call} z3-backup/p/a@s1 < zfs`, settings)
    expect(stdout).toMatch(/^\{"status":"success","etag":"\\"[0-9a-f]{16}\\""\}\n$/)
    expect(await run(`${call} --quiet z3-backup/p/a@s2 < zfs`, settings)).toEqual(nothing)
  })
})
