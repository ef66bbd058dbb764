import { closeSync, openSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openInput } from '../../src/stream/input.ts'

test('a descriptor that is not open, or a directory, is refused', () => {
  expect(() => openInput(999)).toThrow('descriptor 999 is not open')
  const fd = openSync('/', 'r')
  expect(() => openInput(fd)).toThrow(`descriptor ${fd} is a directory`)
  closeSync(fd)
})
