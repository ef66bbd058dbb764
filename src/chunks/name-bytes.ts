import { lstat, readdir } from 'node:fs/promises'
import { Failure } from '../errors.ts'

/** Whether there may be bytes in a name that are no UTF-8: Node has put this in their place. */
export function hasOddBytes(name: string): boolean {
  return name.includes('\ufffd')
}

/** Of a file whose name is no UTF-8: nobody finds it by what Node says of it, and no key or list can hold it. */
export function unreadableName(path: string): Failure {
  return new Failure('usage', `${path}: its name is no UTF-8: it is not shipped`, { hint: 'rename it' })
}

/** For the first plain file of a directory with such a name, hidden ones aside. */
export async function findUnreadableName(folder: string): Promise<Failure | undefined> {
  for (const name of await readdir(folder, { encoding: 'buffer' })) {
    const text = name.toString('utf8')
    if (text.startsWith('.') || Buffer.from(text).equals(name)) continue
    const found = await lstat(Buffer.concat([Buffer.from(`${folder}/`), name])).catch(() => undefined)
    if (found?.isFile()) return unreadableName(`${folder}/${text}`)
  }
  return undefined
}
