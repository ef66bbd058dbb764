import { expect, it } from 'vitest'
import { Rclone, type RcloneOptions } from '../../src/copy/rclone.ts'

const options: RcloneOptions = {
  ...{ source: '/src/', destination: 'far:bucket', configFile: undefined, bytesPerSecond: undefined },
  ...{ ssh: [], exclude: [], own: undefined, dryRun: false },
}

it('is given its share of the bandwidth, if there is a limit, and never none at all', () => {
  const wordsAt = (bytesPerSecond: number | undefined) => new Rclone({ ...options, bytesPerSecond }).commandFor('list')
  expect(wordsAt(1000.4)).toContain(' --bwlimit=1000B ')
  expect(wordsAt(0.2)).toContain(' --bwlimit=1B ')
  expect(wordsAt(undefined)).not.toContain('bwlimit')
})
