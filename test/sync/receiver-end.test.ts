import { expect, it } from 'vitest'
import { Channel } from '../../src/sync/channel.ts'
import { encodeMessage, greeting, mostRequestBytes } from '../../src/sync/frames.ts'
import type { Problem } from '../../src/sync/messages.ts'
import { fitting, openStreams } from '../../src/sync/receiver-end.ts'
import { inputOf } from '../fakes/inputs.ts'

const problem = (index: number, kind: Problem['kind'], length = 300): Problem => ({
  path: `/${index}`,
  kind,
  message: `${index}: ${'x'.repeat(length)}`,
})

it('what failed fits into one message, however much it is, and each kind is told', () => {
  const few = [problem(1, 'exists'), problem(2, 'io')]
  expect(fitting(few)).toEqual(few)
  const many = Array.from({ length: 9999 }, (_, index) => problem(index, 'unavailable'))
  const all = [...many, problem(9999, 'permission'), problem(10_000, 'unavailable')]
  const told = fitting(all)
  expect(encodeMessage({ type: 'end', problems: told }).length).toBeLessThan(mostRequestBytes)
  expect(told.slice(0, 1000)).toEqual(all.slice(0, 1000))
  expect(told.slice(-2).map(({ kind }) => kind)).toEqual(['unavailable', 'permission'])
  expect(told.at(-2)?.message).toMatch(new RegExp(`; and ${10_001 - told.length} others of this kind failed$`))
})

it.each([{ holdsLater: true, asked: true }, { holdsLater: false, asked: false }, { asked: false }])(
  'a receiver of the past, which holds at once, is not asked to hold: %j',
  async ({ asked, ...told }) => {
    const left = [problem(1, 'exists')]
    const answers = [greeting, encodeMessage({ type: 'ready', ...told }), encodeMessage({ type: 'held', left })]
    const written: Uint8Array[] = []
    const channel = new Channel({
      input: inputOf(Buffer.concat(answers)),
      write: async (...pieces) => void written.push(...pieces),
      finish: async () => {},
      close: async () => {},
    })
    try {
      const receiver = await openStreams(channel)
      expect(await receiver.hold()).toEqual(asked ? left : [])
      expect(Buffer.concat(written).includes('"hold"')).toBe(asked)
    } finally {
      await channel.close()
    }
  },
)
