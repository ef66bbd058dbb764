import { Failure } from '../errors.ts'

/** Where an object is: a store and a key in it. */
export type ObjectPlace = DirectoryPlace | S3Place

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

/**
 * Reads `file:///dir/key` or `s3://bucket/key`, or a bare key beside the store that the settings name (`file:///dir`,
 * `s3://bucket/prefix`). The last is the same as the URL of both joined by a slash. %XX is decoded, all else (also ? and
 * #) is the name's own.
 */
export function parseObjectUrl(urlOrKey: string, storeUrl?: string): ObjectPlace {
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
  const store = parseUrl(storeUrl)
  if (store.scheme === 'file') return { scheme: 'file', directory: store.path, key }
  const prefix = store.path.replace(/^\/+|\/+$/g, '')
  return { scheme: 's3', bucket: store.host, prefix: prefix === '' ? '' : `${checkKey(prefix)}/`, key }
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
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
        hint: 'file:///dir/key is a directory, s3://bucket/key is S3',
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
