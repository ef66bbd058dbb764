import type { ChecksumChoice } from './part-checksum.ts'
import type { Proxies } from './proxy-choice.ts'

/** How an S3 store is reached and used. What is absent is left to the AWS SDK's standard chain or to the store. */
export interface S3StoreOptions {
  /** A section of ~/.aws/config and ~/.aws/credentials. */
  readonly profile?: string | undefined
  /** In the place of those that the chain finds. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined
  readonly region?: string | undefined
  /** A URL, or a bare host, which is spoken to over TLS. */
  readonly endpoint?: string | undefined
  /** The bucket in the path of requests, not in the host name. True by default where an endpoint is given. */
  readonly pathStyle?: boolean | undefined
  /** Requests without a signature: for what everybody may read. */
  readonly noSignRequest?: boolean | undefined
  /** Headers for every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The requester's account is charged, where the bucket says so. */
  readonly requestPayer?: boolean | undefined

  /** None if not given. */
  readonly proxies?: Proxies | undefined
  /** A file of certificates (PEM): whose they signed is trusted, in the place of those that Node trusts. */
  readonly authorities?: string | undefined

  /** Every part of this size, in bytes. */
  readonly partBytes?: number | undefined
  /** Parts of one size, such that a stream of this many bytes (and 5 % more) fits. */
  readonly estimatedBytes?: number | undefined
  /** How many parts the store allows; 10,000 by default. */
  readonly maxParts?: number | undefined
  /** The largest object that the store allows, in bytes; 5 TiB by default. */
  readonly maxObjectBytes?: number | undefined
  /** Memory for parts, in bytes; 256 MiB by default. Two parts always may be there, however large. */
  readonly memoryBytes?: number | undefined
  /** Parts or ranges under way at once; 4 by default. */
  readonly concurrency?: number | undefined
  /** The checksum that the store checks of every part; auto finds out what it can. */
  readonly checksum?: ChecksumChoice | undefined

  /** How long a request that fails is tried again before it is given up, in milliseconds; an hour by default. */
  readonly retryForMs?: number | undefined
  /** After so many milliseconds without a byte a connection is given up; 60 s by default. */
  readonly idleMs?: number | undefined
  /** The same for the request that puts the parts together, which may take its time; 15 times as long by default. */
  readonly patientMs?: number | undefined
  /** Told of every failure that is followed by another try, as a message. */
  readonly onRetry?: ((message: string) => void) | undefined
  /** Told of what was asked for and is missing in the store, where that is no failure, as a message. */
  readonly onWarning?: ((message: string) => void) | undefined
  /** Ends all requests but those that clean up. */
  readonly signal?: AbortSignal | undefined

  /** Ask for an archived object and wait for it, instead of refusing it. */
  readonly restore?: RestoreWish | undefined
  readonly object?: ObjectSettings | undefined
}

export interface RestoreWish {
  /** How long the restored copy stays. */
  readonly days: number
  /** What the archive calls its speeds. */
  readonly tier: 'Bulk' | 'Standard' | 'Expedited'
  /** Milliseconds between two looks; a minute by default. */
  readonly askAgainMs?: number
}

/** What new objects get. Nothing of it is sent unless it is given. */
export interface ObjectSettings {
  readonly storageClass?: string | undefined
  /** AES256, aws:kms or aws:kms:dsse. */
  readonly sse?: string | undefined
  readonly kmsKeyId?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** A canned ACL such as bucket-owner-full-control. */
  readonly acl?: string | undefined
  readonly lockMode?: 'GOVERNANCE' | 'COMPLIANCE' | undefined
  readonly lockUntil?: Date | undefined
  readonly legalHold?: boolean | undefined
}
