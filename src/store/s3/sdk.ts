import { createRequire } from 'node:module'
import type * as Sdk from '@aws-sdk/client-s3'

// An import would look through the SDK's CommonJS text for the names that it exports, which takes 50 ms at each start.
const sdk = createRequire(import.meta.url)('@aws-sdk/client-s3') as typeof Sdk

export const {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  RestoreObjectCommand,
  S3Client,
  UploadPartCommand,
} = sdk
export type S3Client = Sdk.S3Client
export type ListMultipartUploadsCommand = Sdk.ListMultipartUploadsCommand
