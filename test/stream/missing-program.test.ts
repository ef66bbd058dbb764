import { expect, it } from 'vitest'
import { missingProgram } from '../../src/stream/missing-program.ts'

const cause = new Error('spawn ENOENT')

it('tells of a program where no PATH of a plain user leads', () => {
  // Every Linux has it there.
  const hint = expect.stringMatching(/^it is in \/(usr\/)?sbin, which is not in PATH$/)
  expect(missingProgram('chroot', cause)).toMatchObject({ message: 'chroot: no such program', hint })
})

it.each(['no-such-program', '/none/chroot'])('wants one to be installed that is nowhere: %s', (program) => {
  expect(missingProgram(program, cause)).toMatchObject({ kind: 'unavailable', hint: `install ${program}`, cause })
})
