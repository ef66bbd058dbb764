import type { Backup } from './backup.ts'

/** BEGIN and END, of 312 bytes each: no stream is shorter. */
const leastStreamBytes = 624
/** Below, the estimate says little. */
const leastEstimateBytes = 2 ** 20

/** What an object shows of its own bytes, without reading them; undefined if nothing is wrong. */
export function objectFlaw({ object, guid, compressor = 'none', encryptor }: Backup): string | undefined {
  const { size, metadata } = object
  if (object.flaw !== undefined) return object.flaw
  if (size === 0) return 'empty'
  if (compressor !== 'none' || encryptor !== undefined) return undefined
  if (size < leastStreamBytes) return `too small: ${size} B`
  // Where a guid is recorded, the stream was read to its end before it was published.
  const estimate = Number(metadata['size'] ?? 0)
  if (guid !== undefined || !(estimate >= leastEstimateBytes) || size >= estimate / 2) return undefined
  return `too small: ${size} B of about ${estimate} B`
}
