import { expect, it } from 'vitest'
import { Pace } from '../../src/copy/pace.ts'

const MiB = 1024 * 1024

it('Pace: a part is worth what a worker does in a second, within limits', () => {
  const pace = new Pace()
  expect(pace.worthAPart).toBeUndefined()
  pace.add(20 * MiB, 2000)
  expect(pace.worthAPart).toBe(10 * MiB)
  pace.add(20 * MiB, 1000)
  expect(pace.worthAPart).toBe(15 * MiB)
  pace.add(0, 0)
  pace.add(0, 0)
  expect(pace.worthAPart).toBe(4 * MiB)
  pace.add(2 ** 40, 0)
  expect(pace.worthAPart).toBe(1024 * MiB)
})
