import { expect, test } from 'vitest'
import { SharedTurn } from '../../src/stream/shared-turn.ts'

/** Work whose turns are ended by hand. */
function byHand() {
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = []
  const turn = new SharedTurn(() => new Promise((resolve, reject) => ends.push({ resolve, reject })))
  const begun = async (count: number) => {
    while (ends.length < count) await new Promise(setImmediate)
    return ends[count - 1]
  }
  return { turn, begun, count: () => ends.length }
}

test('who asks while a turn is under way shares the next with all others', async () => {
  const { turn, begun, count } = byHand()
  expect(turn.isIdle).toBe(true)
  const first = turn.ask()
  const one = await begun(1)
  const later = [turn.ask(), turn.ask(), turn.ask()]
  let isOver = false
  void later[2]?.then(() => {
    isOver = true
  })
  one?.resolve()
  await first
  const two = await begun(2)
  expect(isOver).toBe(false)
  two?.resolve()
  await Promise.all(later)
  expect(count()).toBe(2)
  expect(turn.isIdle).toBe(true)
})

test('a failure is told to those who shared the turn, and not to the next', async () => {
  const { turn, begun } = byHand()
  const [first, second] = [turn.ask(), turn.ask()]
  const one = await begun(1)
  const next = turn.ask()
  one?.reject(new Error('the disk is full'))
  await expect(first).rejects.toThrow('the disk is full')
  await expect(second).rejects.toThrow('the disk is full')
  const rest = turn.rest()
  ;(await begun(2))?.resolve()
  await next
  await rest
})
