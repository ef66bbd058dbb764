import { resolve } from 'node:path'
import { Failure } from '../errors.ts'

/** One end of a copy, as a user writes it. */
export type Place =
  | { readonly kind: 'local'; readonly path: string }
  /** `host:/path` or `user@host:path`, which rsync reaches over ssh. */
  | { readonly kind: 'remote'; readonly host: string; readonly path: string }
  /** `remote:bucket/path`, which rclone reaches. */
  | { readonly kind: 'cloud'; readonly url: string }

/** `isCloud` tells rclone's remotes from hosts: both are a name before a colon. A path with a colon is written `./a:b`. */
export function parsePlace(text: string, isCloud: boolean): Place {
  const colon = text.indexOf(':')
  const isName = colon >= 0 && !text.slice(0, colon).includes('/')
  if (!isName) return { kind: 'local', path: resolve(text) }
  if (isCloud || text.startsWith(':')) return { kind: 'cloud', url: text }
  const [host, path] = [text.slice(0, colon), text.slice(colon + 1)]
  if (path.startsWith(':')) throw new Failure('usage', `${text}: rsync daemons are not supported`)
  return { kind: 'remote', host, path: path === '' ? '.' : path }
}

/** As rsync takes a folder whose contents are meant. */
export function rsyncPlace(place: Place): string {
  if (place.kind === 'cloud') throw new Failure('usage', `${place.url} needs rclone: give --cloud`)
  const path = `${place.path.replace(/\/+$/, '')}/`
  return place.kind === 'local' ? path : `${place.host}:${path}`
}
