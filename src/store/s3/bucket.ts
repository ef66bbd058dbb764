import type { S3Connection } from './connection.ts'

/** A bucket, and the prefix that all keys of a store lie under. */
export interface Bucket {
  readonly connection: S3Connection
  readonly name: string
  /** Empty, or names that end in a slash. */
  readonly prefix: string
}

export interface ObjectAddress {
  readonly Bucket: string
  readonly Key: string
}

/** Where the SDK's commands find the object of a key. */
export function addressOf({ name, prefix }: Bucket, key: string): ObjectAddress {
  return { Bucket: name, Key: prefix + key }
}

/** As messages name it. */
export function urlIn({ name, prefix }: Bucket, key: string): string {
  return `s3://${name}/${prefix}${key}`
}
