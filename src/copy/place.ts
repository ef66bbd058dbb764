import { resolve } from 'node:path'
import { Failure } from '../errors.ts'

/** One end of a copy, as a user writes it. */
export type Place =
  | { readonly kind: 'local'; readonly path: string }
  /** `host:/path` or `user@host:path`, which rsync reaches over ssh. */
  | { readonly kind: 'remote'; readonly host: string; readonly path: string }
  /** `remote:bucket/path`, which rclone reaches. */
  | { readonly kind: 'cloud'; readonly url: string }

/**
 * Hosts and rclone's remotes are both a name before a colon. It is a remote if the user says so by `isCloud`, or if it is
 * one of `remotes` and what follows is relative, as a bucket is. A path with a colon is written `./a:b`.
 */
export function parsePlace(text: string, isCloud: boolean, remotes: ReadonlySet<string> = new Set()): Place {
  // As of a variable that is not set: it would be the folder that we are in.
  if (text === '')
    throw new Failure('usage', 'the source or the destination is empty', { hint: 'write . for this folder' })
  const [host, path] = nameAndPath(text)
  if (host === undefined) return { kind: 'local', path: resolve(text) }
  if (isCloud || host === '') return { kind: 'cloud', url: text }
  if (remotes.has(host)) return recognized(text, host, path)
  if (path.startsWith(':')) throw new Failure('usage', `${text}: rsync daemons are not supported`)
  return { kind: 'remote', host, path: path === '' ? '.' : path }
}

/** Whether it may be a remote of rclone's as well as a host. */
export function isUnclear(text: string): boolean {
  const [host] = nameAndPath(text)
  return host !== undefined && host !== '' && !host.includes('@')
}

function nameAndPath(text: string): readonly [string | undefined, string] {
  const colon = text.indexOf(':')
  const isName = colon >= 0 && !text.slice(0, colon).includes('/')
  return isName ? [text.slice(0, colon), text.slice(colon + 1)] : [undefined, text]
}

function recognized(text: string, name: string, path: string): Place {
  if (!path.startsWith('/')) return { kind: 'cloud', url: text }
  const hint = `give --cloud for the remote, or write user@${text} for the host`
  throw new Failure(
    'usage',
    `${text}: '${name}' is a remote of rclone's, and this is how a folder of a host is written`,
    {
      hint,
    },
  )
}

/** As rsync takes a folder whose contents are meant. */
export function rsyncPlace(place: Place): string {
  if (place.kind === 'cloud') throw new Failure('usage', `${place.url} needs rclone: give --cloud`)
  const path = `${place.path.replace(/\/+$/, '')}/`
  return place.kind === 'local' ? path : `${place.host}:${path}`
}
