import { randomBytes } from 'node:crypto'
import { open, readFile, stat } from 'node:fs/promises'
import { Failure } from '../errors.ts'

const keyBytes = 32
const prefix = 'zpipes-key-1:'
// 32 bytes in base64url without padding: the last character carries four bits alone.
const keyLine = /^zpipes-key-1:([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/
const longestFile = 64 * 1024

/**
 * Makes a file with a new random key, readable by its owner alone, for both ends of a connection:
 *
 *     # zpipes shared key: whoever has it can send and receive
 *     zpipes-key-1:7Q4l…43 characters of base64url, 32 bytes…
 *
 * A file that is there is never replaced: Failure 'exists'.
 */
export async function createKeyFile(path: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
    throw new Failure('exists', `${path}: exists already`, { hint: 'a key is never overwritten', cause: error })
  })
  try {
    const key = randomBytes(keyBytes).toString('base64url')
    await handle.writeFile(`# zpipes shared key: whoever has it can send and receive\n${prefix}${key}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * The 32 bytes of a key file: one line with the key; empty lines and those that begin with # do not count. A file that
 * others may read or write is a Failure 'permission', a directory or one that holds anything else 'configuration'.
 */
export async function readKeyFile(path: string): Promise<Uint8Array> {
  const about = await stat(path)
  if (about.isDirectory()) throw new Failure('configuration', `${path}: is a directory, and no key file`)
  const { mode, size } = about
  if ((mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0')
    throw new Failure('permission', `${path}: its mode is ${octal}, so others have the key too`, {
      hint: `chmod 600 ${path}`,
    })
  }
  const noKey = new Failure('configuration', `${path}: holds no key, or more than one`, {
    hint: '--new-key FILE makes one',
  })
  if (size > longestFile) throw noKey
  const lines = (await readFile(path, 'utf8')).split(/\r?\n/).map((line) => line.trim())
  const [line = '', ...others] = lines.filter((each) => each !== '' && !each.startsWith('#'))
  const [, key] = keyLine.exec(line) ?? []
  if (key === undefined || others.length > 0) throw noKey
  return Buffer.from(key, 'base64url')
}
