import { basename, dirname } from 'node:path'
import type { Failure } from '../errors.ts'
import type { ChunkSource, FoundFile } from './chunk-source.ts'
import { findFiles } from './find-file.ts'
import { isListName } from './manifest-file.ts'
import { hasOddBytes, unreadableName } from './name-bytes.ts'
import { putAllBack } from './set-aside.ts'

/** Files that somebody names when they are complete. One that is not there, or cannot be a chunk, is told and left out. */
export function takeNames(names: AsyncIterable<string>, onWrong: (message: string) => void): ChunkSource {
  const folders = new Set<string>()
  const paths = new Set<string>()
  let known: ReadonlyMap<string, FoundFile> = new Map()
  let hasEnded = false
  let error: unknown
  let flaw: Failure | undefined
  let wake = () => {}
  function forget(path: string): void {
    if (hasOddBytes(path)) flaw ??= unreadableName(path)
    else if (!known.has(path)) onWrong(`${path}: is no file`)
    paths.delete(path)
  }
  async function read(): Promise<void> {
    for await (const name of names) {
      if (name === '') continue
      const folder = dirname(name)
      if (!folders.has(folder)) await putAllBack(folder)
      folders.add(folder)
      if (isListName(basename(name))) onWrong(`${name}: no chunk may have the name of the list of chunks`)
      else paths.add(name)
      wake()
    }
  }
  const reading = read()
    .catch((reason: unknown) => {
      error = reason
    })
    .finally(() => {
      hasEnded = true
      wake()
    })
  return {
    get hasEnded() {
      return hasEnded
    },
    get flaw() {
      return flaw
    },
    async look() {
      if (error !== undefined) throw error
      const asked = [...paths]
      const files = await findFiles(asked, known, (path) => path)
      for (const path of asked) {
        const file = files.get(path)
        if (file === undefined) forget(path)
        else if (!file.isNamed) files.set(path, { ...file, isVouchedFor: true, isNamed: true })
      }
      known = files
      return [...files.values()]
    },
    onChange(callback) {
      wake = callback
    },
    async close() {
      wake = () => {}
      void reading
    },
  }
}
