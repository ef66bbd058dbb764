import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './folder.ts'

/** A folder with `src/a` and `src/d/b`, each of one byte. */
export function smallTree(): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'src/d'), { recursive: true })
  writeFileSync(join(folder, 'src/a'), 'a')
  writeFileSync(join(folder, 'src/d/b'), 'b')
  return folder
}
