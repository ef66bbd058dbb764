import { createRequire } from 'node:module'

type Libc = Record<'socket' | 'sendto' | 'close', (...words: unknown[]) => number>

// AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, MSG_NOSIGNAL; linux/un.h.
const [unix, datagram, noSignal] = [1, 0o2000002, 0x4000]
const pathBytes = 108

/**
 * Tells systemd the state of a unit with Type=notify, such as `READY=1`; sd_notify(3). Nothing where nobody waits for it.
 * False if it could not be told.
 */
export function notifySystemd(state: string, socketName = process.env['NOTIFY_SOCKET'] ?? ''): boolean {
  if (socketName === '') return true
  try {
    return send(load(), Buffer.from(state), addressOf(socketName))
  } catch {
    return false
  }
}

/** struct sockaddr_un: u16 family, char path[108]. A name behind @ is abstract: it begins with NUL. */
function addressOf(name: string): Buffer {
  const path = Buffer.from(name.replace(/^@/, '\0'))
  if (path.length >= pathBytes) throw new RangeError(`${name}: too long for a socket`)
  const family = Buffer.alloc(2)
  new Uint16Array(family.buffer, family.byteOffset, 1)[0] = unix
  return Buffer.concat([family, path, Buffer.alloc(path[0] === 0 ? 0 : 1)])
}

function load(): Libc {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
  const library = koffi.load(null)
  return {
    socket: library.func('int socket(int family, int type, int protocol)'),
    sendto: library.func(
      'int64_t sendto(int fd, void *bytes, size_t count, int flags, void *address, uint32_t length)',
    ),
    close: library.func('int close(int fd)'),
  } as unknown as Libc
}

function send({ socket, sendto, close }: Libc, bytes: Buffer, address: Buffer): boolean {
  const fd = socket(unix, datagram, 0)
  if (fd < 0) return false
  const count = Number(sendto(fd, bytes, bytes.length, noSignal, address, address.length))
  close(fd)
  return count === bytes.length
}
