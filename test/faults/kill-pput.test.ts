import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { randomBytes } from '../fakes/inputs.ts'
import { sh, start } from '../fakes/programs.ts'

const rounds = 30
const bytes = randomBytes(12 * 1024 * 1024)

test(`P3: kill -9 at ${rounds} random instants: nothing or everything under the key, and the same command again completes`, {
  timeout: 120_000,
}, async () => {
  const folder = temporaryFolder()
  const wholeMs = await timeOfOne(folder)
  let wasPublished = 0
  for (let round = 0; round < rounds; round++) {
    const key = `tank/home@${round}`
    const url = `file://${folder}/${key}`
    const { child, ended } = start('pput', ['--format', 'bytes', url])
    // From the start of the program to well after the end that an undisturbed one came to.
    setTimeout(() => child.kill('SIGKILL'), wholeMs * (0.3 + (1.7 * round) / rounds))
    child.stdin.end(bytes)
    await ended

    if (filesBelow(folder).includes(key)) {
      wasPublished++
      expect(Buffer.compare(readFileSync(join(folder, key)), bytes)).toBe(0)
    }
    const again = await sh(`head -c ${bytes.length} /dev/zero | pput --overwrite --format bytes ${url}`)
    expect(again).toMatchObject({ status: 0, stderr: '' })
    const got = await sh(`pget ${url} | cmp - <(head -c ${bytes.length} /dev/zero)`)
    expect(got).toMatchObject({ status: 0, stderr: '' })
    // The object and its record: what the killed one left is gone.
    expect(filesBelow(folder)).toHaveLength(2)
    await sh(`rm -r ${folder}/tank`)
  }
  // The instants must lie on both sides of the publication, else this test shows nothing.
  expect(wasPublished).toBeGreaterThan(0)
  expect(wasPublished).toBeLessThan(rounds)
})

/** How long it takes on this machine, as busy as it is now. */
async function timeOfOne(folder: string): Promise<number> {
  const { child, ended } = start('pput', ['--format', 'bytes', `file://${folder}/first`])
  const began = performance.now()
  child.stdin.end(bytes)
  await ended
  const took = performance.now() - began
  await sh('rm first .first.*', folder)
  return took
}
