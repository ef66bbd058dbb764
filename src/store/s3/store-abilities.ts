import type { ChecksumChooser } from './checksum-choice.ts'

/** What has been found out about a store while it was used. */
export interface StoreAbilities {
  readonly checksum: ChecksumChooser
  /** False once it has refused If-None-Match in a PutObject. */
  conditionalPut: boolean
  /** False once it has refused If-None-Match in a CompleteMultipartUpload. */
  conditionalComplete: boolean
}
