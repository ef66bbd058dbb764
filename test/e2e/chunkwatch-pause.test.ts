import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { sh, start, startShell } from '../fakes/programs.ts'

const patient = { timeout: 110_000 }

describe('--pause-writer', () => {
  /** A writer of a chunk after another, and a watch whose destination is gone until `mend`. */
  async function begin() {
    const folder = temporaryFolder()
    const [chunks, store] = [join(folder, 'chunks'), join(folder, 'store')]
    for (const each of [chunks, store]) mkdirSync(each)
    const words = ['--settle=0s', '--max-backlog=100K', '--pause-writer', chunks, `file://${store}`]
    const first = join(chunks, 'xaa')
    const loop = `for i in $(seq 100 999); do { head -c 10000 /dev/zero; sleep 0.02; } > ${chunks}/x$i; done`
    const { child, saw } = start('chunkwatch', words)
    writeFileSync(first, 'bytes')
    await saw('  xaa\n')
    await sh('mv store aside; touch store', folder)
    startShell('', loop)
    await saw(') is stopped: ')
    const stoppedIds = async () => {
      const { stdout } = await sh(`ps -eo pid=,stat=,args= | awk '$2 ~ /^T/ && /seq 100 999/ { print $1 }'`)
      return stdout.trim()
    }
    return { folder, chunks, store, child, saw, stoppedIds }
  }

  const isThere = (pid: string) => expect(pid).toMatch(/^\d+/)

  test('stops who writes at --max-backlog; shipped, it goes on', patient, async () => {
    const { folder, chunks, store, child, saw, stoppedIds } = await begin()
    await vi.waitFor(async () => isThere(await stoppedIds()), patient)
    const count = filesBelow(chunks).length
    await sleep(500)
    expect(filesBelow(chunks).length).toBe(count)
    rmSync(store)
    await sh('mv aside store', folder)
    await saw('chunkwatch: writers go on\n')
    await saw('  x115\n')
    child.kill('SIGINT')
  })

  test.each(['SIGINT', 'SIGQUIT'] as const)('%s lets it go on', patient, async (signal) => {
    const { child, stoppedIds } = await begin()
    await vi.waitFor(async () => isThere(await stoppedIds()), patient)
    child.kill(signal)
    await vi.waitFor(async () => expect(await stoppedIds()).toBe(''), patient)
  })

  test('needs a limit, and a directory', async () => {
    for (const words of ['chunks', '--max-backlog 1M -'])
      expect(await sh(`chunkwatch --pause-writer ${words} file:///nowhere`)).toMatchObject({ status: 64 })
  })
})
