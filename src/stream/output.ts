import { fstatSync, fsync, write } from 'node:fs'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Failure } from '../errors.ts'
import { aboutFile } from './about-file.ts'
import { writeAtOnce } from './pipe-at-once.ts'
import { widenPipe } from './pipe-size.ts'

const writeFrom = promisify(write)
const syncFile = promisify(fsync)

/** Bytes that go out, in order. One `write` at a time. */
export interface Output {
  /** Resolves when the system has taken every byte. */
  write(bytes: Uint8Array): Promise<void>
  /** After the last write: resolves when a file has the bytes on its disk, or a disk itself; a pipe or terminal at once. */
  flush(): Promise<void>
}

// How long to let a full pipe be when whoever shares it has made it non-blocking.
const fullPipeMs = 2
// A full pipe is tried again in the next turns of the event loop, as long as its reader takes so much meanwhile: a thread that
// waits for it wakes for each page that is read, and its end comes a while later.
const [mostIdleTurns, leastTakenBytes] = [4, 16 * 1024]
// What a thread then waits for.
const awaitedBytes = 256 * 1024

/** Writes to an open descriptor. A reader that went away is a Failure of kind 'closed'. */
export function openOutput(fd: number, signal?: AbortSignal): Output {
  const kind = fstatSync(fd)
  if (kind.isFIFO()) widenPipe(fd)
  return {
    async write(bytes) {
      signal?.throwIfAborted()
      for (let done = 0; done < bytes.length; ) {
        signal?.throwIfAborted()
        if (kind.isFIFO()) done += await writeInTurns(fd, bytes.subarray(done))
        const awaited = kind.isFIFO() ? awaitedBytes : bytes.length
        if (done < bytes.length) done += await writeSome(fd, bytes.subarray(done, done + awaited))
      }
    },
    async flush() {
      if (kind.isFile() || kind.isBlockDevice()) await syncFile(fd).catch(aboutDescriptor(fd))
    },
  }
}

/** What a pipe takes while it is read fast. */
async function writeInTurns(fd: number, bytes: Uint8Array): Promise<number> {
  let done = writeAtOnce(fd, bytes)
  for (let idleTurns = 0; done < bytes.length && idleTurns < mostIdleTurns; idleTurns++) {
    await nextTurn()
    const taken = writeAtOnce(fd, bytes.subarray(done))
    if (taken >= leastTakenBytes) idleTurns = 0
    done += taken
  }
  return done
}

async function writeSome(fd: number, bytes: Uint8Array): Promise<number> {
  try {
    return (await writeFrom(fd, bytes, 0, bytes.length, null)).bytesWritten
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EPIPE') throw new Failure('closed', 'the reader of the output has gone', { cause: error })
    if (code !== 'EAGAIN') aboutDescriptor(fd)(error)
    await sleep(fullPipeMs)
    return 0
  }
}

function aboutDescriptor(fd: number): (error: unknown) => never {
  return aboutFile(fd === 1 ? 'stdout' : `descriptor ${fd}`)
}
