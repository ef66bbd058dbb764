import { expect, it } from 'vitest'
import { restAfterLook } from '../../src/chunks/rest-after-look.ts'

it.each([
  [0, 20],
  [10, 40],
  [100, 250],
  [1000, 2000],
  [100_000, 5000],
])('after a look of %i ms it rests for %i', (lookMs, restMs) => expect(restAfterLook(lookMs)).toBe(restMs))
