import { Failure } from '../errors.ts'
import { readKeyFile } from '../stream/key-file.ts'
import { createXxh64 } from '../stream/xxh64.ts'
import type { Trust } from './agreement.ts'
import type { CipherName } from './protocol.ts'

/** Whom a connection may be with. */
export interface TrustOptions {
  readonly keyFile: string | undefined
  /** Without a key: nobody is kept out, and everybody on the way can read. */
  readonly insecure: boolean
  readonly cipher: Exclude<CipherName, 'none'>
}

/** Reads the key. Neither a key nor the wish to have none is a Failure 'usage', and so are both. */
export async function openTrust({ keyFile, insecure, cipher }: TrustOptions): Promise<Trust> {
  if ((keyFile === undefined) !== insecure) {
    const both = keyFile === undefined ? 'neither --key nor --insecure is given' : 'both --key and --insecure are given'
    throw new Failure('usage', both, {
      hint: '--new-key FILE makes a key; give both ends the same one with --key FILE',
    })
  }
  const xxh64 = await createXxh64()
  if (keyFile === undefined) return { sharedKey: new Uint8Array(32), cipher: 'none', xxh64 }
  return { sharedKey: await readKeyFile(keyFile), cipher, xxh64 }
}
