import { platform } from 'node:os'
import { loadKoffi } from './koffi.ts'

// The most that Linux grants without privilege (/proc/sys/fs/pipe-max-size): the other side works on while we do.
const wideBytes = 1024 * 1024
const F_SETPIPE_SZ = 1031

type Fcntl = (fd: number, command: number, argument: number) => number
let fcntl: Fcntl | null | undefined

function loadFcntl(): Fcntl | null {
  if (platform() !== 'linux') return null
  try {
    return loadKoffi().load(null).func('int fcntl(int fd, int command, int argument)') as unknown as Fcntl
  } catch {
    return null
  }
}

/** Whether pipes can be widened here, for `--version --verbose`. */
export function canWidenPipes(): boolean {
  if (fcntl === undefined) fcntl = loadFcntl()
  return fcntl !== null
}

/** Makes a pipe hold 1 MiB where the system can; a wish, so nothing is said when it cannot. */
export function widenPipe(fd: number): void {
  if (canWidenPipes()) fcntl?.(fd, F_SETPIPE_SZ, wideBytes)
}
