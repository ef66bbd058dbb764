import { onTestFinished } from 'vitest'
import { type Bucket, createBucket } from '../../s3-hosts/buckets.ts'
import { type StandIn, type StandInOptions, startStandIn } from './server.ts'

/** A stand-in with one bucket, stopped when the test ends. */
export async function standInWithBucket(options: StandInOptions = {}): Promise<Bucket & { readonly standIn: StandIn }> {
  const standIn = await startStandIn(options)
  onTestFinished(() => standIn.stop())
  const bucket = await createBucket(standIn)
  onTestFinished(() => bucket.client.destroy())
  return { ...bucket, standIn }
}
