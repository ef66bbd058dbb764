import { expect, test } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { runProgram, sh } from '../fakes/programs.ts'

test('none of the low descriptors that nobody gave makes pput wait or crash', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder()
  for (let fd = 3; fd < 20; fd++) {
    const { status } = await runProgram('pput', ['--file-descriptor', String(fd), `file://${folder}/${fd}`])
    expect([64, 65, 74]).toContain(status)
  }
})

test('a pipe that was given twice is read', async () => {
  const folder = temporaryFolder()
  const ended = await sh(`echo some bytes | pput --file-descriptor 4 file://${folder}/k 4<&0 && cat k`, folder)
  expect(ended).toEqual({ status: 0, stdout: 'some bytes\n', stderr: '' })
})
