import { Failure } from '../../errors.ts'
import type { Child } from '../../stream/child.ts'
import type { Input } from '../../stream/input.ts'
import { iteratedInput } from '../../stream/iterated-input.ts'
import type { OpenObject } from '../store.ts'
import { checksumVerifier } from '../verifier.ts'
import type { FoundObject } from './find-object.ts'
import { rcloneEndsWell, startRclone } from './rclone.ts'
import type { Remote } from './remote.ts'

/** Opens an object's bytes: one `rclone cat` as long as they are read in order, another from wherever else. */
export function openObject(remote: Remote, { object, entry }: FoundObject): OpenObject {
  const url = remote.urlOf(object.key)
  if (object.flaw !== undefined) throw new Failure('data', `${url}: ${object.flaw}`)
  let reader: Reader | undefined
  return {
    ...object,
    async read(offset, target) {
      if (reader?.offset !== offset) {
        await reader?.child.stop()
        reader = startReader(remote.pathOf(object.key), offset)
      }
      await readFrom(reader, target, url, object.size)
      if (reader.offset < object.size) return
      await rcloneEndsWell(reader.child, 'cat')
      await refuseChanged(remote, object.key, entry)
    },
    verifier: () => checksumVerifier(object.checksums),
    close: async () => reader?.child.stop(),
  }
}

interface Reader {
  readonly child: Child
  readonly input: Input
  offset: number
}

function startReader(path: string, offset: number): Reader {
  const child = startRclone(['cat', '--offset', String(offset)], [path], 'ignore')
  return { child, input: iteratedInput(child.stdout), offset }
}

async function readFrom(reader: Reader, target: Uint8Array, url: string, size: number): Promise<void> {
  const count = await reader.input.fill(target)
  reader.offset += count
  if (count === target.length) return
  await rcloneEndsWell(reader.child, 'cat')
  throw new Failure('data', `${url}: ends at ${reader.offset} of ${size} bytes`)
}

/** rclone knows no way to ask for the same file again: its size and time must be what they were. */
async function refuseChanged(remote: Remote, key: string, { size, modified }: FoundObject['entry']): Promise<void> {
  const now = await remote.stat(key)
  if (now?.size === size && Date.parse(now.modified) === Date.parse(modified)) return
  const found = now === undefined ? 'gone' : `${now.size} bytes of ${now.modified}`
  throw new Failure('data', `${remote.urlOf(key)}: was ${size} bytes of ${modified}, is ${found} now`, {
    hint: 'it was replaced while it was read: do not use what was written so far',
  })
}
