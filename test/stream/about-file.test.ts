import { closeSync, openSync } from 'node:fs'
import { expect, test } from 'vitest'
import { aboutFile } from '../../src/stream/about-file.ts'
import { openOutput } from '../../src/stream/output.ts'

test('an error of the system gets the file that it is about, any other thing is thrown as it is', () => {
  const error = Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'write' })
  expect(() => aboutFile('/backup/k')(error)).toThrow(expect.objectContaining({ code: 'ENOSPC', path: '/backup/k' }))
  expect(() => aboutFile('/backup/k')('text')).toThrow('text')
})

test.runIf(process.platform === 'linux')('a full output is named (Linux)', async () => {
  const fd = openSync('/dev/full', 'w')
  await expect(openOutput(fd).write(Buffer.from('x'))).rejects.toMatchObject({ path: `descriptor ${fd}` })
  closeSync(fd)
})
