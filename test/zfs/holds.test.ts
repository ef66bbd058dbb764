import { describe, expect, it } from 'vitest'
import { checkedTag } from '../../src/zfs/holds.ts'

describe('a tag of a hold', () => {
  it.each(['mine', 'zpipes-12345678', '.send-1-2', 'a:b'])('%s is one', (tag) => expect(checkedTag(tag)).toBe(tag))

  it.each(['', '-r', 'tank@mon', 'two words', 'x'.repeat(256)])("'%s' is none", (tag) =>
    expect(() => checkedTag(tag)).toThrow(`'${tag}' is no tag of a hold`),
  )
})
