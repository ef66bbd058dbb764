import type { ChunkSource, FoundFile } from './chunk-source.ts'
import { findFile } from './folder-source.ts'

/** Files that somebody names when they are complete. One that is not there is told, and left out. */
export function takeNames(names: AsyncIterable<string>, onMissing: (path: string) => void): ChunkSource {
  const paths = new Set<string>()
  const found = new Set<string>()
  let hasEnded = false
  let error: unknown
  let wake = () => {}
  async function read(): Promise<void> {
    for await (const name of names) {
      if (name === '') continue
      paths.add(name)
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
    async look() {
      if (error !== undefined) throw error
      const files: FoundFile[] = []
      for (const path of paths) {
        const file = await findFile(path)
        if (file !== undefined) {
          found.add(path)
          files.push({ ...file, isVouchedFor: true, isNamed: true })
        } else {
          if (!found.delete(path)) onMissing(path)
          paths.delete(path)
        }
      }
      return files
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
