import { Failure } from '../errors.ts'

/** Where an object is: a store and a key in it. */
export interface ObjectPlace {
  readonly scheme: 'file'
  /** The directory that the key is a path in, absolute. */
  readonly directory: string
  readonly key: string
}

/**
 * Reads `file:///dir/key`, or a bare key beside the store that the settings name (`file:///dir`). The last is the same
 * as the URL of both joined by a slash. %XX is decoded, all else (also ? and #) is the name's own.
 */
export function parseObjectUrl(urlOrKey: string, storeUrl?: string): ObjectPlace {
  if (isUrl(urlOrKey)) return placeInRoot(urlOrKey)
  if (storeUrl === undefined) {
    throw new Failure('usage', `${urlOrKey}: a key needs a store`, {
      hint: 'give a whole URL such as file:///backup/key, or --store',
    })
  }
  const directory = directoryOf(storeUrl)
  return { scheme: 'file', directory, key: checkKey(urlOrKey) }
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
}

// A whole URL names no root of the store, and none is needed: an object's files lie beside it.
function placeInRoot(url: string): ObjectPlace {
  const path = directoryOf(url)
  return { scheme: 'file', directory: '/', key: checkKey(path.slice(1)) }
}

function directoryOf(url: string): string {
  const [, scheme = '', path = ''] = /^([^:]*):\/\/(.*)$/s.exec(url) ?? []
  if (scheme.toLowerCase() !== 'file') {
    throw new Failure('usage', `${url}: no store of this kind`, { hint: 'file:///dir/key is a directory' })
  }
  if (!path.startsWith('/'))
    throw new Failure('usage', `${url}: the path is not absolute`, { hint: 'write file:///dir/key' })
  return decode(path)
}

function decode(path: string): string {
  try {
    return path.replace(/(?:%[0-9a-f]{2})+/gi, decodeURIComponent)
  } catch (error) {
    throw new Failure('usage', `${path}: the escapes are not UTF-8`, { cause: error })
  }
}

function checkKey(key: string): string {
  const names = key.split('/')
  const bad = names.find((name) => name === '' || name === '.' || name === '..' || name.includes('\0'))
  if (bad !== undefined) {
    throw new Failure('usage', `${key}: not a key`, {
      hint: "names between single slashes, none of them empty, '.' or '..'",
    })
  }
  return key
}
