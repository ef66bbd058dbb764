import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { sh, start } from '../fakes/programs.ts'

/** For longer: CHUNKWATCH_KILLS=100 npx vitest run --config=test/vitest.config.ts --project=faults test/faults/kill-chunkwatch */
const kills = Number(process.env['CHUNKWATCH_KILLS'] ?? 20)
const chunkCount = 4 * kills

test(`P3: kill -9 at ${kills} random instants: every chunk is stored once, and the stream comes back byte for byte`, {
  timeout: 60_000 + 10_000 * kills,
}, async () => {
  const folder = temporaryFolder()
  const [chunks, store] = [join(folder, 'chunks'), join(folder, 'store')]
  for (const each of [chunks, store]) mkdirSync(each)
  const whole = randomBytes(chunkCount * 10_000)
  const original = join(folder, 'original')
  writeFileSync(original, whole)
  let isShipped = 0
  for (let round = 0; round < kills; round++) {
    // A few more chunks each round, as split writes them.
    const from = Math.floor((round * chunkCount) / kills)
    const to = Math.floor(((round + 1) * chunkCount) / kills)
    for (let index = from; index < to; index++) {
      const name = `x.${String(index).padStart(4, '0')}`
      writeFileSync(join(chunks, name), whole.subarray(index * 10_000, (index + 1) * 10_000))
    }
    const { child, ended, saw } = start('chunkwatch', ['--settle=10ms', chunks, `file://${store}`])
    // Kills before anything is shipped would show nothing: most come while chunks are listed and removed.
    if (round % 4 > 0) await saw('  x.')
    await sleep(400 * Math.random())
    child.kill('SIGKILL')
    const { stdout, stderr } = await ended
    expect(stderr).toBe('')
    isShipped += stdout === '' ? 0 : 1
  }
  expect(isShipped).toBeGreaterThanOrEqual(Math.floor((3 * kills) / 4))
  const last = await sh(
    `chunkwatch -q --until-end --settle 10ms --count ${chunkCount} chunks file://$PWD/store`,
    folder,
  )
  expect(last).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(filesBelow(chunks)).toEqual(['files.manifest', 'files.md5'])
  expect(
    await sh('sort chunks/files.md5 | uniq -d; cd store && md5sum -c --quiet ../chunks/files.md5', folder),
  ).toMatchObject({ status: 0, stdout: '' })
  expect(await sh('chunkwatch --join file://$PWD/store | cmp - original', folder)).toMatchObject({
    status: 0,
    stderr: '',
  })
})
