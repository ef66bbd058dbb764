import { expect, test } from 'vitest'
import { commandOf } from '../../src/cli/command-of.ts'
import { allOptions } from '../../src/cli/common-options.ts'

test('--json is offered where stdout is text, and nowhere that bytes may be on it', async () => {
  expect(allOptions(await commandOf('pput'))).toHaveProperty('json')
  expect(allOptions(await commandOf('pget'))).not.toHaveProperty('json')
})
