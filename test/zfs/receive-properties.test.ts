import { expect, it } from 'vitest'
import { parseReceiveProperties } from '../../src/zfs/receive-properties.ts'

it.for(['=x', 'a b=c', 'Upper=1', '-F=1', 'x'])('%j sets nothing', (text) => {
  expect(() => parseReceiveProperties([text], [])).toThrow(/is no name of a property|is not PROPERTY=VALUE/)
})

it('what is set cannot be left out', () => {
  expect(() => parseReceiveProperties(['quota=1G'], ['quota'])).toThrow('quota is both set and left out')
})
