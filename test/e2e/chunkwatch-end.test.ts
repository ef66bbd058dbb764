import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { root, sh } from '../fakes/programs.ts'

const stream = join(root, 'test/vectors/demo/full.zfs.gz')
const nothing = { status: 0, stdout: '', stderr: '' }

/** A folder with a recorded ZFS stream, empty `chunks` and an empty store. */
function prepare() {
  const folder = temporaryFolder()
  const [chunks, store] = [join(folder, 'chunks'), join(folder, 'store')]
  for (const each of [chunks, store]) mkdirSync(each)
  const run = (commandLine: string) =>
    sh(`gzip -dc ${stream} > zfs; ${commandLine}`, folder, { STORE: `file://${store}` })
  const stored = () => filesBelow(store).filter((name) => !name.startsWith('.') && name !== 'files.manifest')
  return { folder, chunks, run, stored }
}

describe('no stream is called whole', () => {
  test('a chunk of another stream that lies in the way, or beside: no END, and --join gives nothing of it', async () => {
    for (const [left, status, why] of [
      ['xab', 73, 'chunks/xab: exists already'],
      ['w', 65, 'w was there before, and is no chunk of it'],
    ] as const) {
      const { run, chunks } = prepare()
      writeFileSync(join(chunks, left), 'else')
      const ended = await run("printf 'a stream' | chunkwatch -q --split 4 --settle 0s chunks $STORE")
      expect(ended).toMatchObject({ status, stderr: expect.stringContaining(why) })
      expect(readFileSync(join(chunks, 'files.manifest'), 'utf8')).not.toContain('"end"')
      expect(await run('chunkwatch --join $STORE >got')).toMatchObject({ status: 65 })
    }
  })

  test('an empty one: 65, and what was left of another is shipped', async () => {
    const { run, chunks, stored } = prepare()
    writeFileSync(join(chunks, 'w'), 'else')
    const ended = await run('chunkwatch -q --split 4 --settle 0s chunks $STORE </dev/null')
    expect(ended).toMatchObject({ status: 65, stderr: expect.stringContaining('the input is empty') })
    expect(stored()).toEqual(['w'])
    expect(readFileSync(join(chunks, 'files.manifest'), 'utf8')).not.toContain('"end"')
  })

  test('--count and --once end nothing that is still being cut', async () => {
    const { run, stored } = prepare()
    const slow = "{ printf 'a st'; while test ! -e store/xaa; do sleep 0.1; done; printf ream; }"
    const ended = await run(`${slow} | chunkwatch -q --split 4 --count 1 chunks $STORE`)
    expect(ended).toMatchObject({ status: 65, stderr: expect.stringContaining('1 chunks were expected') })
    expect(stored()).toEqual(['xaa', 'xab'])
    expect(await run('chunkwatch --once --split 4 chunks $STORE </dev/null')).toMatchObject({ status: 64 })
  })

  test('as many chunks as --count says, with a gap: no END; a ZFS stream whose names have gaps is whole all the same', async () => {
    const { run, chunks } = prepare()
    await run('for name in aa ab ad; do echo $name >chunks/x$name; done')
    const ended = await run('chunkwatch -q --once --settle 0s --count 3 chunks $STORE; chunkwatch --join $STORE')
    expect(ended).toMatchObject({ status: 65, stdout: '' })
    expect(readFileSync(join(chunks, 'files.manifest'), 'utf8')).not.toContain('"end"')
    await run('mkdir z; split -b 400K zfs z/x; mv z/xab z/xaf')
    const watch = 'chunkwatch -q --until-end --settle 0s --stream z z $STORE'
    expect(await run(`${watch} && chunkwatch --join --stream z $STORE | cmp - zfs`)).toEqual(nothing)
  })

  test('as many chunks as --count says, of a ZFS stream that is cut off or damaged: no END, and 65', async () => {
    const { run, chunks } = prepare()
    await run(
      'head -c 500K zfs | split -b 200K - chunks/x; mkdir d; split -b 400K zfs d/x; printf else | dd of=d/xaa bs=1 seek=100000 conv=notrunc status=none',
    )
    const watch = 'chunkwatch -q --until-end --settle 0s'
    const ended = await run(`${watch} --count 3 chunks $STORE`)
    expect(ended).toMatchObject({ status: 65, stderr: expect.stringContaining('not whole after 3 chunks: the ') })
    expect(readFileSync(join(chunks, 'files.manifest'), 'utf8')).not.toContain('"end"')
    const count = (await run('ls d | wc -l')).stdout.trim()
    const damaged = await run(`${watch} --count ${count} --stream d d $STORE; chunkwatch --join --stream d $STORE >got`)
    expect(damaged).toMatchObject({ status: 65, stderr: expect.stringContaining(`after ${count} chunks: the `) })
  })

  test.each([
    '--split 4 --name .x',
    '--split 4 --name a/x',
    '--split 4 --max-backlog 0',
    '--once --max-backlog 4',
    '--once --metrics chunks/metrics',
    '--once --stream .',
    '--once --stream ""',
  ])('%s: 64, and nothing is begun', async (words) => {
    const { run, folder, chunks } = prepare()
    expect(await run(`printf abcde | chunkwatch ${words} chunks $STORE`)).toMatchObject({ status: 64, stdout: '' })
    expect([filesBelow(chunks), existsSync(join(folder, 'files.manifest'))]).toEqual([[], false])
  })
})
