import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DirectoryStore } from '../../src/store/directory/directory-store.ts'
import { RcloneStore } from '../../src/store/rclone/rclone-store.ts'
import type { UnfinishedUpload } from '../../src/store/store.ts'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { type Ended, root, sh } from '../fakes/programs.ts'
import { type Served, serveByRclone } from '../fakes/rclone-serve.ts'

const vector = join(root, 'test/vectors/demo/full.zfs.gz')
const nothing = { status: 0, stdout: '', stderr: '' }
const owner = { id: 'test-1', isGone: (id: string) => id !== 'test-1' }

let webdav: Served
let served = ''

beforeAll(async () => {
  served = mkdtempSync(join(tmpdir(), 'zpipes-test-'))
  webdav = await serveByRclone('webdav', served, ['--dir-cache-time', '0s'])
})
afterAll(async () => {
  await webdav.stop()
  rmSync(served, { recursive: true, force: true })
})

/** A folder with a recorded stream and some bytes, and rclone's settings: `box:` is the folder `store`, `safe:` lies encrypted in `crypt`. */
function prepare() {
  const folder = temporaryFolder()
  const config = join(folder, 'rclone.conf')
  const safe = `[safe]\ntype = crypt\nremote = ${folder}/crypt\npassword = $(rclone obscure one)\n`
  writeFileSync(join(folder, 'bytes'), randomBytes(3 * 2 ** 20 + 17))
  writeFileSync(join(folder, 'other'), randomBytes(3 * 2 ** 20 + 17, 2))
  mkdirSync(join(folder, 'store'))
  const run = (commandLine: string): Promise<Ended> =>
    sh(
      `printf '%s\\n' "[box]" "type = alias" "remote = ${folder}/store" > rclone.conf
       printf "%b" "${safe}" >> rclone.conf; gzip -dc ${vector} > zfs; ${commandLine}`,
      folder,
      { RCLONE_CONFIG: config, DAV: `rclone::webdav,url="http://127.0.0.1:${webdav.port}":` },
    )
  const store = new RcloneStore(':local:', `${folder}/store/`, { owner, readBack: true })
  return { folder, store, files: () => filesBelow(join(folder, 'store')), run }
}

// Each program starts rclone several times.
const atLeisure = { timeout: 180_000 }

describe('remotes', () => {
  test.each([
    ['a local one', 'rclone:box:a b/t@1'],
    ['one without hashes, encrypted', 'rclone:safe:a b/t@1'],
    ['one over the network, without hashes', '"$DAV"dir/t@1'],
  ])('%s: a stream goes there and comes back, and is replaced by one of the same size', async (_, url) => {
    const { run } = prepare()
    const key = url.startsWith('"') ? url : `'${url}'`
    expect(await run(`pput ${key} < zfs && pget ${key} | cmp - zfs`)).toEqual(nothing)
    expect(await run(`pput ${key} < bytes`)).toMatchObject({ status: 73 })
    const replaced = `pput --overwrite ${key} < bytes && pput --overwrite ${key} < other && pget ${key} | cmp - other`
    expect(await run(replaced)).toEqual(nothing)
  })

  test('the metadata of a stream comes back, and the directory store reads it too', async () => {
    const { folder, store, run } = prepare()
    expect(await run('pput --meta who=me rclone:box:t@1 < zfs')).toEqual(nothing)
    const metadata = { 'zfs-snapshot': 'p/a@s1', 'zfs-guid': 'a45cb216d55458f6', who: 'me' }
    expect(await store.describe('t@1')).toMatchObject({ size: 674928, metadata })
    const directory = new DirectoryStore(join(folder, 'store'), { owner, readBack: true })
    expect(await directory.describe('t@1')).toEqual(await store.describe('t@1'))
  })

  test('one that ends with its program stores nothing, and that is said', async () => {
    const { run } = prepare()
    const { status, stderr } = await run('pput rclone::memory:bucket/t < bytes')
    expect(stderr).toContain('not there although rclone stored it')
    expect(status).toBe(69)
  })

  test('what the environment tells rclone to do or say otherwise does not count, or is told', async () => {
    const { run } = prepare()
    const on = ['DRY_RUN', 'IGNORE_EXISTING', 'IMMUTABLE', 'INTERACTIVE', 'PROGRESS', 'QUIET', 'UPDATE']
    const others = 'RCLONE_LOG_FILE=log RCLONE_LOG_LEVEL=DEBUG RCLONE_MAX_DEPTH=1 RCLONE_VERBOSE=2'
    const settings = `export ${on.map((name) => `RCLONE_${name}=true`).join(' ')} ${others}`
    const twice =
      'pput rclone:box:a/t < bytes && pput --overwrite rclone:box:a/t < other && pget rclone:box:a/t | cmp - other'
    expect(await run(`${settings}; ${twice}`)).toEqual(nothing)
    const { status, stderr } = await run('RCLONE_RETRIES=0 pget rclone:box:a/t')
    expect({ status, stderr }).toMatchObject({ status: 76, stderr: expect.stringContaining('RCLONE_RETRIES') })
  })

  test('one that rclone does not know', async () => {
    expect(await prepare().run('pput rclone:nowhere:t < bytes')).toMatchObject({ status: 69 })
  })
})

describe('failures', () => {
  test('without rclone the message names the package', async () => {
    const { folder, run } = prepare()
    mkdirSync(join(folder, 'bin'))
    symlinkSync(process.execPath, join(folder, 'bin/node'))
    const { status, stderr } = await run(`PATH=$PWD/bin node ${root}/bin/pput rclone:box:t < bytes`)
    expect({ status, stderr }).toEqual({
      status: 69,
      stderr: 'pput: rclone: no such program\npput: hint: install rclone\n',
    })
  })

  test('a truncated stream leaves no trace', async () => {
    const { run, files } = prepare()
    expect(await run('head -c 300000 zfs | pput rclone:box:t@1')).toMatchObject({ status: 65 })
    expect(files()).toEqual([])
  })

  test('a missing object is 69', async () => {
    expect(await prepare().run('pget rclone:box:none')).toMatchObject({ status: 69 })
  })

  test('an object damaged behind our back is 65, and its last piece is not given', async () => {
    const { run } = prepare()
    const damage = 'printf x | dd of=store/-t bs=1 seek=99 conv=notrunc status=none'
    const { status } = await run(`pput rclone:box:-t < bytes; ${damage}; pget rclone:box:-t > got`)
    expect(status).toBe(65)
    expect((await run('test $(stat -c %s got) -lt $(stat -c %s bytes)')).status).toBe(0)
  })

  test('an object stays readable though chunkwatch is killed over another chunk of its name', async () => {
    const { folder, run } = prepare()
    const bin = mkdtempSync(join(folder, 'bin'))
    const wrapper =
      '#!/bin/bash\n/usr/bin/rclone "$@"; s=$?\ncase "$*" in *rcat*.xaa.*.zpipes*) kill -9 $PPID;; esac\nexit $s\n'
    writeFileSync(join(bin, 'rclone'), wrapper, { mode: 0o755 })
    const ended = await run(`mkdir chunks; head -c 5000 other > chunks/xaa; head -c 5000 bytes | pput rclone:safe:xaa
      PATH=${bin}:$PATH chunkwatch -q --once --settle 0s chunks rclone:safe: 2>said; echo $?
      rclone lsf safe: | grep -c zpipes; pget rclone:safe:xaa | cmp -n 5000 - bytes`)
    expect(ended).toEqual({ status: 0, stdout: '73\n1\n', stderr: '' })
  })

  test('a file that rclone stored otherwise than it was sent is not published', async () => {
    const { folder, run, files } = prepare()
    const bin = mkdtempSync(join(folder, 'bin'))
    const wrapper =
      '#!/bin/sh\n[ "$1" = rcat ] && { tr a b | /usr/bin/rclone "$@"; exit; }\nexec /usr/bin/rclone "$@"\n'
    writeFileSync(join(bin, 'rclone'), wrapper, { mode: 0o755 })
    const toBox = await run(`PATH=${bin}:$PATH pput rclone:box:t < bytes`)
    expect(toBox.stderr).toMatch(/crc32 is [0-9a-f]{8} on the remote, [0-9a-f]{8} of what was sent/)
    expect(toBox.status).toBe(65)
    expect(files()).toEqual([])
    const toSafe = await run(`PATH=${bin}:$PATH pput rclone:safe:t < bytes; s=$?; rclone lsf safe:; exit $s`)
    expect(toSafe).toMatchObject({ status: 65, stdout: '', stderr: expect.stringContaining('xxh64') })
  })

  test(
    'kill -9 at any time: the key has the whole stream or nothing, and the same command completes it',
    atLeisure,
    async () => {
      const { run, files, store } = prepare()
      let published = 0
      for (let round = 0; round < 10; round++) {
        const seconds = (0.3 + round * 0.15).toFixed(2)
        await run(`timeout -s KILL ${seconds} pput rclone:box:k${round} < bytes`)
        await sleep(300)
        if (files().includes(`k${round}`)) published++
        else expect(await run(`pput rclone:box:k${round} < bytes`)).toEqual(nothing)
        expect(await run(`cmp store/k${round} bytes; pget rclone:box:k${round} | cmp - bytes`)).toEqual(nothing)
      }
      expect(published).toBeLessThan(10)
      // An rclone that has lost its pput stores what it got, beside the key: the next pput, or zsnap clean, removes it.
      await sleep(1000)
      for await (const left of store.unfinished('')) {
        expect(left).toMatchObject({ isOrphan: true, mayBeResumed: false })
        await store.remove(left)
      }
      expect(files().filter((name) => name.endsWith('.upload'))).toEqual([])
      expect((await store.describe('k3'))?.checksums.xxh64).toMatch(/^[0-9a-f]{16}$/)
    },
  )
})

describe('the store', () => {
  test('lists objects with and without a record in order, and unfinished uploads apart', async () => {
    const { folder, run, store } = prepare()
    await run('pput --meta a=b rclone:box:d/b < bytes; cp bytes store/d/a; cp bytes "store/d/.x.m-1.0123abcd.upload"')
    const keys: unknown[] = []
    for await (const { key, metadata } of store.list('d/')) keys.push([key, metadata])
    expect(keys).toEqual([
      ['d/a', {}],
      ['d/b', { a: 'b' }],
    ])
    const broken: UnfinishedUpload[] = []
    for await (const each of store.unfinished('d/')) broken.push(each)
    expect(broken).toMatchObject([{ key: 'd/x', storedBytes: 3 * 2 ** 20 + 17, isOrphan: true, mayBeResumed: false }])
    for (const each of broken) await store.remove(each)
    await store.remove('d/b')
    await store.remove('d/none')
    expect(filesBelow(join(folder, 'store'))).toEqual(['d/a'])
  })

  test('of two records of one size the hash tells which is meant', async () => {
    const { folder, run, store } = prepare()
    await run('pput --meta n=1 rclone:box:t < bytes; cp store/.t.*.zpipes keep; cp store/t was')
    await run('pput --overwrite --meta n=2 rclone:box:t < other; cp keep store/.t.77.zpipes')
    expect((await store.describe('t'))?.metadata).toEqual({ n: '2' })
    await run('cp was store/t')
    expect((await store.describe('t'))?.metadata).toEqual({ n: '1' })
    expect(readFileSync(join(folder, 'was'))).toEqual(readFileSync(join(folder, 'bytes')))
  })
})
