import { expect, it } from 'vitest'
import { keptIdOf } from '../../src/sync/replica-id.ts'

it.each([
  ['is kept with the guid of the root', '0123abcd-77', '77', '0123abcd'],
  ['is none of a root that inherits it, or is a copy with its properties', '0123abcd-77', '78', undefined],
  ['is none where none was set', '-', '77', undefined],
  ['is none of that was set by hand', 'mine-77', '77', undefined],
])('%s', (_, kept, guid, id) => {
  expect(keptIdOf({ 'zfsync:replica': kept, guid })).toBe(id)
})

it('is none without properties, as before the root has come', () => expect(keptIdOf({})).toBeUndefined())
