import { expect, it } from 'vitest'
import { Channel } from '../../src/sync/channel.ts'
import { commandLink } from '../../src/sync/links.ts'

it('a command may say something after the last word that is waited for, and has ended well', async () => {
  const link = commandLink('printf a; cat >/dev/null; printf late', new AbortController().signal)
  expect(await link.input.fill(new Uint8Array(1))).toBe(1)
  await link.finish()
})

it('a command that does not end after the last word is given up', async () => {
  const channel = new Channel(commandLink('exec sleep 1000', new AbortController().signal), { silenceMs: 100 })
  channel.beginDialogue()
  await expect(channel.finish()).rejects.toMatchObject({
    kind: 'retry',
    message: 'the other side has said nothing for 0.1 seconds',
  })
  await channel.close()
})

it('a command that stays, and says no more, is given up', { timeout: 60_000 }, async () => {
  const channel = new Channel(commandLink('exec 1>&-; exec sleep 1000', new AbortController().signal))
  const ended = { kind: 'retry', message: 'the other side ended before the work was done' }
  await expect(channel.read()).rejects.toMatchObject(ended)
  await channel.close()
})
