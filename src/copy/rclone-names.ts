import type { PartJob } from './copier.ts'
import { bytePath, textOf } from './entry.ts'
import { namesIn } from './listed-entries.ts'
import { nameOfListed, readSpool } from './spool.ts'

export interface RcloneNames {
  /** As rclone's lists have them. */
  readonly names: readonly Buffer[]
  /** Those that no line can hold, and of these what no argument can hold either. */
  readonly odd: readonly string[]
  readonly unsayable: readonly string[]
}

/** The names of a part, by what rclone can be told of them. */
export async function rcloneNames({ spoolPath, part }: PartJob): Promise<RcloneNames> {
  const names: Buffer[] = []
  const odd: string[] = []
  const unsayable: string[] = []
  for await (const listed of namesIn(readSpool(spoolPath, part), '\0')) {
    const name = nameOfListed(listed)
    const text = textOf(name)
    // It takes a CR at the end of a line for a part of the line's end.
    if (!name.includes('\n') && !name.endsWith('\r')) names.push(Buffer.from(`${name}\n`, 'latin1'))
    else if (bytePath(text) === name) odd.push(text)
    else unsayable.push(text)
  }
  return { names, odd, unsayable }
}
