import { expect, it } from 'vitest'
import { commandLink } from '../../src/sync/links.ts'

it('a command may say something after the last word that is waited for, and has ended well', async () => {
  const link = commandLink('printf a; cat >/dev/null; printf late', new AbortController().signal)
  expect(await link.input.fill(new Uint8Array(1))).toBe(1)
  await link.finish()
})
