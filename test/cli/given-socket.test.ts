import { expect, it } from 'vitest'
import { givenSocket } from '../../src/cli/given-socket.ts'

it.for([
  [{ LISTEN_PID: '7', LISTEN_FDS: '1' }, undefined],
  [{ LISTEN_PID: '8', LISTEN_FDS: '1' }, 'no socket'],
  [{ LISTEN_FDS: '1' }, 'no socket'],
  [{ LISTEN_PID: '7', LISTEN_FDS: '2' }, '2 sockets'],
] as const)('%o', ([environment, refused]) => {
  if (refused === undefined) expect(givenSocket(environment, 7)).toEqual({ fd: 3 })
  else expect(() => givenSocket(environment, 7)).toThrow(`systemd has given us ${refused}, one is needed`)
})
