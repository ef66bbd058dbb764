import { arch, platform } from 'node:os'
import { loadKoffi } from '../stream/koffi.ts'

type Call = (fd: number, message: Buffer, flags: number) => number

/** The calls of Linux that move many datagrams at once, and memory that does not move while they do. */
export interface SystemCalls {
  readonly sendmsg: Call
  readonly recvmsg: Call
  setsockopt(fd: number, level: number, name: number, value: Buffer, bytes: number): number
  /** Waits in this thread until there is something to read, no longer than `ms`, which may be a part of one. */
  napUntilReadable(fd: number, ms: number): void
  /** Resolves when there is something to read, or after `timeoutMs`, by a thread of the pool. */
  waitReadable(fd: number, timeoutMs: number): Promise<void>
  errno(): number
  /** Where bytes lie. Only for what never moves and is kept as long as the number is used. */
  addressOf(bytes: Uint8Array): number
  /** Memory outside of the heap, which is never given back, and where it begins. */
  map(bytes: number): { memory: Buffer; address: bigint }
}

const POLLIN = 1
// PROT_READ | PROT_WRITE; MAP_PRIVATE | MAP_ANONYMOUS
const [readWrite, anonymous] = [3, 0x22]

let calls: SystemCalls | null | undefined

/** Undefined where there are none: another system, another word size, or koffi has no binary for it. */
export function systemCalls(): SystemCalls | undefined {
  if (calls === undefined) calls = load()
  return calls ?? undefined
}

function load(): SystemCalls | null {
  // The layout of struct msghdr is that of 64 bits, least significant byte first.
  if (platform() !== 'linux' || !['x64', 'arm64'].includes(arch())) return null
  try {
    const koffi = loadKoffi()
    const libc = koffi.load(null)
    const mmap = libc.func('void *mmap(void *address, size_t bytes, int protection, int flags, int fd, int64_t offset)')
    const ppoll = libc.func('int ppoll(void *fds, unsigned long count, const void *timeout, const void *signals)')
    const napping = Buffer.alloc(8)
    const timeout = Buffer.alloc(16)
    const poll = libc.func('int poll(void *fds, unsigned long count, int timeout)')
    const memmove = libc.func('uintptr_t memmove(void *to, const void *from, size_t bytes)')
    return {
      sendmsg: libc.func('int64_t sendmsg(int fd, void *message, int flags)') as unknown as Call,
      recvmsg: libc.func('int64_t recvmsg(int fd, void *message, int flags)') as unknown as Call,
      setsockopt: libc.func(
        'int setsockopt(int fd, int level, int name, const void *value, uint32_t bytes)',
      ) as unknown as SystemCalls['setsockopt'],
      errno: () => koffi.errno(),
      addressOf: (bytes) => Number(memmove(bytes, bytes, 0)),
      napUntilReadable(fd, ms) {
        napping.writeInt32LE(fd)
        napping.writeInt16LE(POLLIN, 4)
        timeout.writeUInt32LE(Math.round(ms * 1e6), 8)
        ppoll(napping, 1, timeout, null)
      },
      waitReadable(fd, timeoutMs) {
        const asked = Buffer.alloc(8)
        asked.writeInt32LE(fd)
        asked.writeInt16LE(POLLIN, 4)
        return new Promise((resolve) => poll.async(asked, 1, timeoutMs, () => resolve(void asked)))
      },
      map(bytes) {
        const pointer = mmap(null, bytes, readWrite, anonymous, -1, 0)
        return { memory: Buffer.from(koffi.view(pointer, bytes)), address: BigInt(koffi.address(pointer)) }
      },
    }
  } catch {
    return null
  }
}
