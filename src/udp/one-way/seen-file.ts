import { readFile } from 'node:fs/promises'
import { Failure } from '../../errors.ts'
import { createAtomicFile, type Writer } from '../../stream/atomic-file.ts'

/*
 *  # zudp: when the last transfer that was received began
 *  2026-11-21T09:12:52.123Z
 */

/** The first time, in milliseconds since 1970, that is newer than what the file tells: 0 if there is no file. */
export async function readSeenFile(path: string): Promise<number> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return 0
  const [line = ''] = text.split('\n').filter((each) => each.trim() !== '' && !each.startsWith('#'))
  const timeMs = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(line) ? Date.parse(line) : Number.NaN
  if (Number.isFinite(timeMs)) return timeMs + 1
  throw new Failure('configuration', `${path}: holds no time of a transfer`)
}

/** No transfer that began then or before is taken again. */
export async function writeSeenFile(path: string, timeMs: number, writer: Writer): Promise<void> {
  const file = await createAtomicFile(path, writer)
  const text = `# zudp: when the last transfer that was received began\n${new Date(timeMs).toISOString()}\n`
  await file.write(Buffer.from(text))
  await file.flush()
  await file.commit()
}
