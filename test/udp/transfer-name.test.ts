import { describe, expect, it } from 'vitest'
import { isTransferName, parseTransferName } from '../../src/udp/transfer-name.ts'

describe('isTransferName', () => {
  it.each(['home', 'tank/home@mon', 'a b/c_d.e:f-g', '1', 'x'.repeat(200)])('takes %j', (name) => {
    expect(isTransferName(name)).toBe(true)
    expect(parseTransferName(name)).toBe(name)
  })

  it.each([
    '',
    '-x',
    'a/-x',
    '.',
    '..',
    '../x',
    'a/../b',
    '/a',
    'a/',
    'a//b',
    'a;b',
    'a$b',
    'a\nb',
    'a\0b',
    'a@b@c',
    '@a',
    'a@',
    'a@b/c@d',
    ' a',
    'a ',
    'é',
    'x'.repeat(201),
  ])('refuses %j', (name) => {
    expect(isTransferName(name)).toBe(false)
    expect(() => parseTransferName(name)).toThrowError(expect.objectContaining({ kind: 'usage' }))
  })
})
