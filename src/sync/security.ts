import { Failure } from '../errors.ts'
import { readKeyFile } from '../stream/key-file.ts'
import type { Security } from './tcp.ts'

/** Cleartext is only for who asks for it by name. Throws 'usage' without either, and what is wrong with the key file. */
export async function readSecurity(given: {
  readonly key: string | undefined
  readonly insecure: boolean
}): Promise<Security> {
  if (given.key !== undefined) return { key: await readKeyFile(given.key) }
  if (given.insecure) return 'insecure'
  throw new Failure('usage', 'over TCP both ends need the same key: --key FILE', {
    hint: 'zfsync-recv --new-key FILE makes one, to be copied to the other end; --insecure goes without',
  })
}
