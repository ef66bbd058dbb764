import { Failure } from '../errors.ts'

// SD_LISTEN_FDS_START in systemd's sd-daemon.h: sockets begin after stdin, stdout and stderr.
const firstSocket = 3

/** The listening socket that systemd has opened for us, as sd_listen_fds(3) tells. Throws 'usage' without just one. */
export function givenSocket(environment: NodeJS.ProcessEnv = process.env, pid = process.pid): { readonly fd: number } {
  const { LISTEN_PID: owner, LISTEN_FDS: count } = environment
  if (owner === String(pid) && count === '1') return { fd: firstSocket }
  const found = owner === String(pid) ? `${count} sockets` : 'no socket'
  throw new Failure('usage', `systemd has given us ${found}, one is needed`, {
    hint: 'start it by a .socket unit with one ListenStream and Accept=no',
  })
}
