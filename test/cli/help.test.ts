import { describe, expect, it } from 'vitest'
import { helpText } from '../../src/cli/help.ts'
import { wrap } from '../../src/cli/wrap.ts'
import { sample } from './fakes/sample-command.ts'

describe('helpText', () => {
  const help = helpText(sample)

  it('begins with how to call it', () => {
    expect(help.split('\n').slice(0, 7)).toEqual([
      'usage: sample-cmd [options] key [place]',
      '       sample-cmd [options] key -- command [argument ...]',
      '',
      'show every kind of option',
      '',
      '  key                     what',
      '  place                   where',
    ])
  })

  it('shows each form of an option, its value, default and setting', () => {
    expect(help).toContain(
      '\n  -s, --size, --chunk-size SIZE\n                          the size of parts (setting: CHUNK_SIZE)\n',
    )
    expect(help).toContain('\n  --count N               how many at once (default: 4, setting: CONCURRENCY)\n')
    expect(help).toContain('\n  --[no-]check            check it (default: yes)\n')
    expect(help).toContain('\n  --format auto|zfs       auto: guess')
  })

  it('has the groups that options name, and hides what is not for users', () => {
    expect(help).toContain('\n\nStore:\n  --bucket NAME ')
    expect(help).not.toMatch(/secret|inner/)
  })

  it('fits a terminal', () => {
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([])
  })
})

describe('wrap', () => {
  it('breaks between words', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three'])
    expect(wrap('unbreakable word', 4)).toEqual(['unbreakable', 'word'])
    expect(wrap('', 4)).toEqual([''])
  })
})
