import { closeSync, readSync } from 'node:fs'
import { platform } from 'node:os'
import { loadKoffi } from './koffi.ts'

/** The names that files got in a directory by rename(2), which fs.watch cannot tell from new ones. */
export interface MovedNames {
  /** Those since the last call. */
  take(): readonly string[]
  close(): void
}

const IN_MOVED_TO = 0x80
const IN_NONBLOCK = 0o4000
const IN_CLOEXEC = 0o2000000
// struct inotify_event: s32 wd, u32 mask, u32 cookie, u32 len, char name[len]; inotify(7).
const headBytes = 16
const readBytes = 64 * 1024

/** Undefined where the system has no inotify, or has no more of it to give. */
export function watchMovedNames(directory: string): MovedNames | undefined {
  const fd = openInotify(directory)
  if (fd === undefined) return undefined
  const buffer = Buffer.alloc(readBytes)
  return {
    take() {
      const names: string[] = []
      for (let count = readSome(fd, buffer); count > 0; count = readSome(fd, buffer)) {
        names.push(...namesIn(buffer.subarray(0, count)))
      }
      return names
    },
    close: () => closeSync(fd),
  }
}

function openInotify(directory: string): number | undefined {
  if (platform() !== 'linux') return undefined
  try {
    const library = loadKoffi().load(null)
    const init = library.func('int inotify_init1(int flags)') as unknown as (flags: number) => number
    const add = library.func('int inotify_add_watch(int fd, const char *path, uint32_t mask)') as unknown as (
      fd: number,
      path: string,
      mask: number,
    ) => number
    const fd = init(IN_NONBLOCK | IN_CLOEXEC)
    if (fd < 0) return undefined
    if (add(fd, directory, IN_MOVED_TO) >= 0) return fd
    closeSync(fd)
    return undefined
  } catch {
    return undefined
  }
}

function readSome(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
    throw error
  }
}

function namesIn(events: Buffer): string[] {
  const names: string[] = []
  for (let at = 0; at < events.length; ) {
    const length = events.readUInt32LE(at + 12)
    const name = events.subarray(at + headBytes, at + headBytes + length)
    names.push(name.subarray(0, name.indexOf(0)).toString('utf8'))
    at += headBytes + length
  }
  return names.filter((name) => name !== '')
}
