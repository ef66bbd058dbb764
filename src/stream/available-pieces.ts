import { createReadStream, fstatSync } from 'node:fs'
import { Socket } from 'node:net'
import { onAbort } from './on-abort.ts'

/** What comes from a descriptor, at once: where lines are to be acted on as they are written. Ends at the signal. */
export async function* availablePieces(fd: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const kind = fstatSync(fd)
  const stream =
    kind.isFIFO() || kind.isSocket()
      ? new Socket({ fd, readable: true, writable: false })
      : createReadStream('', { fd, autoClose: false })
  const forget = onAbort(signal, () => stream.destroy())
  try {
    for await (const piece of stream) yield piece as Uint8Array
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    forget()
  }
}
