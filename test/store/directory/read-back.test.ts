import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DirectoryUpload } from '../../../src/store/directory/directory-upload.ts'
import { filesOf } from '../../../src/store/directory/layout.ts'
import { filesBelow, temporaryFolder } from '../../fakes/folder.ts'
import { randomBytes } from '../../fakes/inputs.ts'

/** A disk that stores one bit wrong: no real one can be asked to. */
async function openDamagingUpload(root: string, readBack: boolean) {
  const files = filesOf(root, 'k')
  const options = { key: 'k', id: 'me-1.00000000', overwrite: false, metadata: {}, readBack }
  const handle = await open(join(root, '.k.me-1.00000000.upload'), 'wx+')
  const damaging = new Proxy(handle, {
    get(target, name) {
      if (name !== 'write') return Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name)
      return async (bytes: Uint8Array, offset: number, length: number, position: number) => {
        const wrong = Uint8Array.from(bytes)
        if (position <= 1500) wrong[1500 - position] = (wrong[1500 - position] ?? 0) ^ 1
        return target.write(wrong, offset, length, position)
      }
    },
  })
  return new DirectoryUpload(files, options, damaging, 0)
}

test('a part that the disk stores otherwise is refused', async () => {
  const root = temporaryFolder()
  const upload = await openDamagingUpload(root, true)
  const part = { number: 1, offset: 0, bytes: randomBytes(3000) }
  await expect(upload.putPart(part)).rejects.toThrow('part 1 of k: other bytes are read back than were written')
  await upload.abandon()
  expect(filesBelow(root)).toEqual([])
})

test('without reading back it is not seen', async () => {
  const upload = await openDamagingUpload(temporaryFolder(), false)
  await upload.putPart({ number: 1, offset: 0, bytes: randomBytes(3000) })
  await upload.abandon()
})
