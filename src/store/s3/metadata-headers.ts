import type { Metadata } from '../store.ts'

// What a header carries unchanged. A percent sign is escaped too, so that what is read is what was written.
const plain = /[^!"#$&'()*+,\-./0-9:;<=>?@A-Z[\\\]^_`a-z{|}~]+/g

// The store's own books in an object's metadata.
const ownPrefix = 'zpipes-'

/** As z3 writes them: values percent-encoded as UTF-8, except what a header can hold. */
export function encodeMetadata(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [key, value.replace(plain, encodeURIComponent)]),
  )
}

/** Undoes it. What is no escape stays as it is. */
export function decodeMetadata(metadata: Readonly<Record<string, string>> = {}): Metadata {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key.toLowerCase(), decode(value)]))
}

function decode(value: string): string {
  return value.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes)
    } catch {
      return escapes
    }
  })
}

export function withoutOwn(metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !key.startsWith(ownPrefix)))
}
