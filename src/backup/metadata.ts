import { Failure } from '../errors.ts'
import type { Metadata } from '../store/store.ts'
import type { StreamFacts } from '../zfs/send-stream/verdict.ts'

/*
 * What is kept with an object, as short strings. z3's own keys (size, isfull, parent, compressor) keep their meaning;
 * ours begin with `zfs-`. Underscores are avoided: proxies drop headers that have them.
 *
 *   zfs-snapshot    dataset@snapshot, as the stream's first record names it
 *   zfs-guid        the snapshot's guid, 16 hexadecimal digits; absent where it came too late, as in a long package
 *   zfs-from-guid   the incremental source's guid; absent in a full stream
 *   zfs-creation    when the snapshot was taken, in seconds since 1970
 *   zfs-features    the stream's feature flags, separated by commas; absent if none
 *   zfs-kind        simple | package (of send -R, -I, -p)
 *   compressor      gzip | zstd | lz4 | xz | bzip2, if the object's bytes begin as theirs do
 */

/** What a stream says of itself. Nothing for a stream that is not ZFS's. */
export function streamMetadata(facts: StreamFacts | undefined): Metadata {
  if (facts === undefined) return {}
  const { name, guid, fromGuid, features, creationTime } = facts.first
  // Of its list alone nobody knows whether it is a full.
  if (facts.snapshotCount === 0) return { 'zfs-snapshot': name }
  return {
    'zfs-kind': facts.kind,
    'zfs-snapshot': name,
    ...(guid === undefined ? {} : { 'zfs-guid': guid }),
    ...(fromGuid === undefined ? {} : { 'zfs-from-guid': fromGuid }),
    ...(creationTime > 0 ? { 'zfs-creation': String(creationTime) } : {}),
    ...(features.length === 0 ? {} : { 'zfs-features': features.join(',') }),
  }
}

/** Reads `key=value` words; the value may hold more `=`. Keys become lower case, as headers make them. */
export function parseMetadata(words: readonly string[]): Metadata {
  return Object.fromEntries(words.map(parseWord))
}

function parseWord(word: string): [key: string, value: string] {
  const equals = word.indexOf('=')
  if (equals < 1) throw new Failure('usage', `malformed metadata '${word}'; should be key=value`)
  const key = word.slice(0, equals).toLowerCase()
  // What HTTP allows in a header's name (RFC 9110, token), without the underscore that proxies drop.
  if (!/^[a-z0-9.~-]+$/.test(key))
    throw new Failure('usage', `malformed metadata '${word}'; a key has letters, digits, dots and dashes`)
  if (key.startsWith('zfs-'))
    throw new Failure('usage', `metadata '${key}': keys that begin with zfs- are read from the stream`)
  if (/[\r\n\0]/.test(word)) throw new Failure('usage', `metadata '${key}': the value holds a line break`)
  return [key, word.slice(equals + 1)]
}
