import { describe, expect, it } from 'vitest'
import { goOnAfterFailures } from '../../src/cli/going-on.ts'
import { Failure } from '../../src/errors.ts'

function begin() {
  const said: string[] = []
  const terminal = { say: (text: string) => said.push(text), hint: (text: string) => said.push(`hint: ${text}`) }
  const goingOn = goOnAfterFailures(terminal)
  return { said, goingOn }
}

const failing = (failure: unknown) => async () => {
  throw failure
}

describe('going on after failures', () => {
  it('ends well if there were none', async () => {
    const { goingOn, said } = begin()
    expect(await goingOn.attempt(async () => 7)).toBe(7)
    expect(() => goingOn.end()).not.toThrow()
    expect(said).toEqual([])
  })

  it('says each once: of those of one kind the last is thrown, and those before it are said', async () => {
    const { goingOn, said } = begin()
    const last = new Failure('io', 'third')
    expect(await goingOn.attempt(failing(new Failure('io', 'first', { hint: 'look' })))).toBeUndefined()
    goingOn.note(new Failure('io', 'second'))
    expect(await goingOn.attempt(async () => 'done')).toBe('done')
    await goingOn.attempt(failing(last))
    expect(said).toEqual(['first', 'hint: look', 'second'])
    expect(() => goingOn.end()).toThrow(last)
  })

  it('goes on after what the system refuses, and says it in our words', async () => {
    const { goingOn } = begin()
    const refused = { errno: -13, code: 'EACCES', syscall: 'scandir', path: '/backup/tank' }
    expect(await goingOn.attempt(failing(Object.assign(new Error('EACCES'), refused)))).toBeUndefined()
    expect(() => goingOn.end()).toThrow('cannot scandir /backup/tank: ')
  })

  it('throws the worst, whenever it came', () => {
    const { goingOn, said } = begin()
    const worst = new Failure('data', 'damaged')
    for (const each of [new Failure('retry', 'busy'), worst, new Failure('exists', 'there')]) goingOn.note(each)
    expect(said).toEqual(['busy', 'there'])
    expect(() => goingOn.end()).toThrow(worst)
  })

  it('does not go on after a bug', async () => {
    const bug = new TypeError('not a function')
    await expect(begin().goingOn.attempt(failing(bug))).rejects.toBe(bug)
  })
})
