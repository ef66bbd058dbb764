import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A real pipe with both ends in this process. */
export function openFifo() {
  const directory = mkdtempSync(join(tmpdir(), 'zpipes-fifo-'))
  const path = join(directory, 'fifo')
  execFileSync('mkfifo', [path])
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writeEnd = openSync(path, constants.O_WRONLY)
  rmSync(directory, { recursive: true })
  return {
    readEnd,
    writeEnd,
    write: (bytes: Uint8Array) => writeSync(writeEnd, bytes),
    endWriting: () => closeSync(writeEnd),
  }
}
