import { arch, platform } from 'node:os'
import { loadKoffi } from './koffi.ts'

type Move = (fd: number, vector: Buffer, count: number, offset: number, flags: number) => number | bigint

interface Calls {
  readonly read: Move
  readonly write: Move
  addressOf(bytes: Uint8Array): number
}

// The call gives up where it would have to wait, though the descriptor is one that waits. From linux/fs.h.
const RWF_NOWAIT = 8
// Smaller arrays may lie in V8's heap, where they move.
const leastBytes = 4096

let calls: Calls | null | undefined

function load(): Calls | null {
  // The layout of struct iovec is that of 64 bits, least significant byte first.
  if (platform() !== 'linux' || !['x64', 'arm64'].includes(arch())) return null
  try {
    const libc = loadKoffi().load(null)
    const memmove = libc.func('uintptr_t memmove(void *to, const void *from, size_t bytes)')
    const call = (name: string) =>
      libc.func(`int64_t ${name}(int fd, void *vector, int count, int64_t offset, int flags)`) as unknown as Move
    return {
      read: call('preadv2'),
      write: call('pwritev2'),
      addressOf: (bytes) => Number(memmove(bytes, bytes, 0)),
    }
  } catch {
    return null
  }
}

const vector = Buffer.alloc(16)

/**
 * Writes to a pipe what it takes without waiting, in this thread: a write that waits goes to another thread and back, which
 * on a busy machine takes longer than the write. Returns the bytes taken; 0 too for whatever kept it from writing.
 */
export function writeAtOnce(fd: number, bytes: Uint8Array): number {
  return moveAtOnce('write', fd, bytes)
}

/** Reads what a pipe has. Returns the bytes read; 0 too at its end, and for whatever kept it from reading. */
export function readAtOnce(fd: number, target: Uint8Array): number {
  return moveAtOnce('read', fd, target)
}

function moveAtOnce(way: 'read' | 'write', fd: number, bytes: Uint8Array): number {
  if (bytes.buffer.byteLength < leastBytes) return 0
  if (calls === undefined) calls = load()
  if (calls === null) return 0
  const address = calls.addressOf(bytes)
  vector.writeUInt32LE(address % 2 ** 32, 0)
  vector.writeUInt32LE(Math.floor(address / 2 ** 32), 4)
  vector.writeUInt32LE(bytes.length, 8)
  return Math.max(0, Number(calls[way](fd, vector, 1, -1, RWF_NOWAIT)))
}
