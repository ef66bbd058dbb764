import { expect, test } from 'vitest'
import { protectionTag } from '../../src/backup/protection.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { S3StoreOptions } from '../../src/store/s3/s3-options.ts'
import { parseObjectUrl } from '../../src/store/url.ts'
import { fakeOwner } from '../fakes/owner.ts'

async function identityOf(storeUrl: string, s3: S3StoreOptions = {}) {
  const store = await openStore(parseObjectUrl('any', storeUrl), { owner: fakeOwner(), readBack: false, s3 })
  return store.identity()
}

test('two stores never have one tag, or what one needs would be released when the other is served', async () => {
  const bucket = 's3://backup/z3-backup'
  const stores = await Promise.all([
    identityOf('file:///backup'),
    identityOf('file:///other'),
    identityOf(bucket),
    identityOf(bucket, { endpoint: 'https://s3.near.example' }),
    identityOf(bucket, { endpoint: 'https://s3.far.example' }),
    identityOf(bucket, { endpoint: 'https://s3.far.example:9000' }),
    identityOf('rclone:nas:backup'),
    identityOf('rclone::sftp,host=near,pass=s3cret:backup'),
    identityOf('rclone::sftp,host=far,pass=s3cret:backup'),
  ])
  expect(new Set(stores.map(protectionTag)).size).toBe(stores.length)
  expect(stores.join()).not.toContain('s3cret')
})

test('one store has one tag, however its endpoint is written; and what it was where none is', async () => {
  const bucket = 's3://backup/z3-backup'
  const endpoints = ['s3.near.example', 'https://s3.near.example', 'https://s3.near.example:443/']
  const identities = await Promise.all(endpoints.map((endpoint) => identityOf(bucket, { endpoint })))
  expect(new Set(identities).size).toBe(1)
  expect(await identityOf(bucket)).toBe('s3://backup/z3-backup/')
  expect(await identityOf('file:///backup')).toBe('file:///backup')
  expect(await identityOf('rclone:nas:backup')).toBe('rclone:nas:backup/')
})
