import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ownerOfThisProgram } from '../../src/cli/owner.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const deadPid = spawnSync('true').pid

test('a program of this machine is gone when it runs no more', () => {
  const { id, isGone } = ownerOfThisProgram()
  const [machine] = id.split('-')
  expect(isGone(id)).toBe(false)
  expect(isGone(`${machine}-${deadPid}`)).toBe(true)
})

test('a program is gone when another has got its number since it last wrote', async () => {
  const { id, isGone } = ownerOfThisProgram()
  const [machine] = id.split('-')
  const other = spawn('sleep', ['60'])
  onTestFinished(() => void other.kill())
  await once(other, 'spawn')
  const its = `${machine}-${other.pid}`
  const anHourAgo = new Date(Date.now() - 3_600_000)
  expect([isGone(its), isGone(its, new Date()), isGone(its, anHourAgo)]).toEqual([false, false, true])
  // One of ours may be it, if the clock was set meanwhile.
  expect(isGone(id, anHourAgo)).toBe(false)
  expect(isGone(`other-${other.pid}`, anHourAgo)).toBe(false)
})

test('of a machine with the same name and another id nothing is known', () => {
  const folder = temporaryFolder()
  const owners = ['one', 'two'].map((name) => {
    writeFileSync(join(folder, name), `${name}\n`)
    return ownerOfThisProgram(join(folder, name))
  })
  const [[one], [two]] = owners.map(({ id }) => id.split('-')) as [[string], [string]]
  expect(one).not.toBe(two)
  expect(owners[0]?.isGone(`${two}-${deadPid}`)).toBe(false)
  expect(owners[0]?.isGone(`${one}-${deadPid}`)).toBe(true)
  expect(ownerOfThisProgram(join(folder, 'none')).id).toMatch(/^[0-9a-f]{8}-\d+$/)
})
