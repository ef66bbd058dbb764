import { Failure } from '../errors.ts'

/** Where an object is: a store and a key in it. */
export type ObjectPlace = DirectoryPlace | S3Place | RclonePlace

export interface DirectoryPlace {
  readonly scheme: 'file'
  /** The directory that the key is a path in, absolute. */
  readonly directory: string
  readonly key: string
}

export interface S3Place {
  readonly scheme: 's3'
  readonly bucket: string
  /** What all keys of the store begin with: empty, or names that end in a slash. */
  readonly prefix: string
  readonly key: string
}

export interface RclonePlace {
  readonly scheme: 'rclone'
  /** As rclone takes it, with its colon: `nas:`, `:local:`, `:sftp,host=nas:`. */
  readonly remote: string
  /** What all paths of the store begin with: empty, or ending in a slash. */
  readonly root: string
  readonly key: string
}

/**
 * Reads `file:///dir/key`, `s3://bucket/key` or `rclone:remote:path/key`, or a bare key beside the store that the settings
 * name (`file:///dir`, `s3://bucket/prefix`, `rclone:remote:path`). The last is the same as the URL of both joined by a
 * slash. %XX is decoded, but not in rclone's paths; all else (also ? and #) is the name's own.
 */
export function parseObjectUrl(urlOrKey: string, storeUrl?: string): ObjectPlace {
  if (isRclone(urlOrKey)) return rcloneObject(urlOrKey)
  if (isUrl(urlOrKey)) return placeInRoot(urlOrKey)
  if (storeUrl === undefined) {
    throw new Failure('usage', `${urlOrKey}: a key needs a store`, {
      hint: 'give a whole URL such as file:///backup/key or s3://bucket/key, or --store',
    })
  }
  if (/^(file|s3):/i.test(urlOrKey)) {
    throw new Failure('usage', `${urlOrKey}: not a URL, and no good key`, {
      hint: 'a URL has three slashes after file:, two after s3:',
    })
  }
  const key = checkKey(urlOrKey)
  if (isRclone(storeUrl)) return rcloneStore(storeUrl, key)
  const store = parseUrl(storeUrl)
  if (store.scheme === 'file') return { scheme: 'file', directory: store.path, key }
  const prefix = store.path.replace(/^\/+|\/+$/g, '')
  return { scheme: 's3', bucket: store.host, prefix: prefix === '' ? '' : `${checkKey(prefix)}/`, key }
}

/** The store whose keys lie below a key: `s3://bucket/prefix/key`, of a bare key too. */
export function urlBelow(urlOrKey: string, storeUrl?: string): string {
  if (isRclone(urlOrKey) || isUrl(urlOrKey)) return urlOrKey
  const key = urlOrKey.replace(/\/+$/, '')
  // Throws what is wrong with it.
  parseObjectUrl(key, storeUrl)
  const store = storeUrl ?? ''
  if (isRclone(store)) return `${store}${/[:/]$/.test(store) ? '' : '/'}${key}`
  return `${store}${store.endsWith('/') ? '' : '/'}${key.replaceAll('%', '%25')}`
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
}

function isRclone(text: string): boolean {
  return /^rclone:/i.test(text)
}

// A path from the root has a slash that is no part of the key.
function rcloneObject(url: string): RclonePlace {
  const { remote, path } = parseRclone(url)
  const root = path.startsWith('/') ? '/' : ''
  return { scheme: 'rclone', remote, root, key: checkKey(path.slice(root.length)) }
}

function rcloneStore(url: string, key: string): RclonePlace {
  const { remote, path } = parseRclone(url)
  const root = path === '' || path.endsWith('/') ? path : `${path}/`
  return { scheme: 'rclone', remote, root, key }
}

// A configured remote or a kind of remote behind a colon; both with parameters, whose values may be in quotes.
const rcloneForm =
  /^rclone:(:?[\p{L}\p{N}_.+@][\p{L}\p{N}_.+@ -]*(?:,[\w-]+(?:=(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|[^,:"']*))?)*:)(.*)$/isu

function parseRclone(url: string): { remote: string; path: string } {
  const [, remote, path] = rcloneForm.exec(url) ?? []
  if (remote !== undefined && path !== undefined && !path.includes('\ufffd')) return { remote, path }
  throw new Failure('usage', `${url.replace(/,.*/s, ',…')}: not a remote of rclone's and a path on it`, {
    hint: 'write rclone:remote:path/key, the remote as rclone listremotes shows it',
  })
}

// A whole URL names no root of the store, and none is needed: an object's files lie beside it.
function placeInRoot(url: string): ObjectPlace {
  const { scheme, host, path } = parseUrl(url)
  const key = checkKey(path.slice(1))
  return scheme === 'file' ? { scheme, directory: '/', key } : { scheme, bucket: host, prefix: '', key }
}

interface ParsedUrl {
  readonly scheme: 'file' | 's3'
  /** Empty in a file URL. */
  readonly host: string
  /** Empty, or from the slash on. */
  readonly path: string
}

function parseUrl(url: string): ParsedUrl {
  const [, scheme = '', rest = ''] = /^([^:]*):\/\/(.*)$/s.exec(url) ?? []
  const [, host = '', path = ''] = /^([^/]*)(.*)$/s.exec(rest) ?? []
  switch (scheme.toLowerCase()) {
    case 'file':
      if (rest.startsWith('/')) return { scheme: 'file', host: '', path: decode(rest) }
      throw new Failure('usage', `${url}: the path is not absolute`, { hint: 'write file:///dir/key' })
    case 's3':
      if (/^[A-Za-z0-9][\w.:-]*$/.test(host)) return { scheme: 's3', host, path: decode(path) }
      throw new Failure('usage', `${url}: '${host}' is not a bucket`, { hint: 'write s3://bucket/key' })
    default:
      throw new Failure('usage', `${url}: no store of this kind`, {
        hint: 'file:///dir/key is a directory, s3://bucket/key is S3, rclone:remote:path/key is a remote of rclone',
      })
  }
}

function decode(path: string): string {
  try {
    return path.replace(/(?:%[0-9a-f]{2})+/gi, decodeURIComponent)
  } catch (error) {
    throw new Failure('usage', `${path}: the escapes are not UTF-8`, { cause: error })
  }
}

function checkKey(key: string): string {
  // Where bytes were no UTF-8, the system's argument has U+FFFD: different names would be the same key.
  if (key.includes('\ufffd')) throw new Failure('usage', `${key}: not a key: it is not UTF-8`)
  const names = key.split('/')
  const bad = names.find((name) => name === '' || name === '.' || name === '..' || name.includes('\0'))
  if (bad !== undefined) {
    throw new Failure('usage', `${key}: not a key`, {
      hint: "names between single slashes, none of them empty, '.' or '..'",
    })
  }
  return key
}
