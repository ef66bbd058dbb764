import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { startChild } from '../../src/stream/child.ts'

it('tells whoever reads of it why it was stopped', async () => {
  const controller = new AbortController()
  const { signal } = controller
  const child = startChild(['sh', '-c', 'echo begun; exec sleep 30'], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
    signal,
  })
  const reason = new Error('enough')
  const ends = [text(child.stdout), child.ended].map((each) => each.catch((error: unknown) => error))
  await new Promise((resolve) => child.stdout.once('readable', resolve))
  controller.abort(reason)
  expect(await Promise.all(ends)).toEqual([reason, reason])
  const late = startChild(['sleep', '30'], { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit', signal })
  await expect(text(late.stdout)).rejects.toBe(reason)
  await expect(late.ended).rejects.toBe(reason)
})
