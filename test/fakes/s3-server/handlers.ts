import { listMultipartUploads, listObjects, listParts } from './list-operations.ts'
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  uploadPart,
} from './multipart-operations.ts'
import { deleteObject, deleteObjects, getObject, getObjectAttributes, putObject } from './object-operations.ts'
import type { Operation } from './operation.ts'
import type { Handler } from './state.ts'
import {
  getLegalHold,
  getRetention,
  getTagging,
  putAcl,
  putLegalHold,
  putRetention,
  putTagging,
} from './wish-operations.ts'
import { xml } from './xml.ts'

const done: Handler = () => ({ status: 200 })

export const handlers: Readonly<Record<Operation, Handler>> = {
  AbortMultipartUpload: abortMultipartUpload,
  CompleteMultipartUpload: completeMultipartUpload,
  CreateBucket: done,
  CreateMultipartUpload: createMultipartUpload,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  // An empty constraint is us-east-1.
  GetBucketLocation: () => ({ status: 200, body: xml('LocationConstraint', {}) }),
  GetObject: getObject,
  GetObjectAttributes: getObjectAttributes,
  GetObjectLegalHold: getLegalHold,
  GetObjectRetention: getRetention,
  GetObjectTagging: getTagging,
  HeadBucket: done,
  HeadObject: getObject,
  ListMultipartUploads: listMultipartUploads,
  ListObjectsV2: listObjects,
  ListParts: listParts,
  PutObject: putObject,
  PutObjectAcl: putAcl,
  PutObjectLegalHold: putLegalHold,
  PutObjectRetention: putRetention,
  PutObjectTagging: putTagging,
  UploadPart: uploadPart,
}
