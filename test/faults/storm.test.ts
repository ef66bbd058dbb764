import { join } from 'node:path'
import { expect } from 'vitest'
import { test } from '../zfs-host/pools.ts'

/** For longer: STORM_SECONDS=3000 npx vitest run --config=test/vitest.config.ts --project=faults test/faults/storm */
const seconds = Number(process.env['STORM_SECONDS'] ?? 300)
const seed = process.env['STORM_SEED'] ?? String(Date.now() % 1e6)
const job = process.env['STORM_JOB'] ?? ''

test(`P1 to P6: each program's whole job under kills, stops, errors, cuts and clocks, for ${seconds} s, seed ${seed}`, {
  timeout: seconds * 1000 + 180_000,
}, async ({ zfs }) => {
  const ended = await zfs.script(`node ${join(import.meta.dirname, 'storm/storm.js')} ${seconds} ${seed} ${job}`)
  console.log(ended.stdout)
  expect(ended).toMatchObject({ status: 0, stderr: '' })
})
