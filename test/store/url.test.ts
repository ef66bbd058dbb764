import { describe, expect, test } from 'vitest'
import { parseObjectUrl, urlBelow } from '../../src/store/url.ts'

describe('parseObjectUrl', () => {
  test.each([
    ['file:///backup/tank/home@mon', '/', 'backup/tank/home@mon'],
    ['file:///backup/with space@x', '/', 'backup/with space@x'],
    ['file:///backup/with%20space@%C3%A9', '/', 'backup/with space@é'],
    ['FILE:///a/b?c#d', '/', 'a/b?c#d'],
    ['file:///a/100%', '/', 'a/100%'],
  ])('%s', (url, directory, key) => {
    expect(parseObjectUrl(url)).toEqual({ scheme: 'file', directory, key })
  })

  test('a bare key lies in the store', () => {
    const expected = { scheme: 'file', directory: '/backup/z3', key: 'tank/home@zfs-auto-snap:daily-2015' }
    expect(parseObjectUrl('tank/home@zfs-auto-snap:daily-2015', 'file:///backup/z3')).toEqual(expected)
    expect(parseObjectUrl('tank/home@zfs-auto-snap:daily-2015', 'file:///backup/z3/')).toMatchObject({
      key: expected.key,
    })
  })

  test.each([
    ['s3://bucket/tank/home@mon', 'bucket', 'tank/home@mon'],
    ['S3://my.bucket-1/a%20b?c#d', 'my.bucket-1', 'a b?c#d'],
  ])('%s', (url, bucket, key) => {
    expect(parseObjectUrl(url)).toEqual({ scheme: 's3', bucket, prefix: '', key })
  })

  test.each([
    ['s3://bucket', ''],
    ['s3://bucket/', ''],
    ['s3://bucket/z3-backup', 'z3-backup/'],
    ['s3://bucket/a/b/', 'a/b/'],
  ])('a bare key in %s', (store, prefix) => {
    expect(parseObjectUrl('tank/home@mon', store)).toEqual({
      scheme: 's3',
      bucket: 'bucket',
      prefix,
      key: 'tank/home@mon',
    })
  })

  test.each([
    ['rclone:nas:backup/a@mon', 'nas:', '', 'backup/a@mon'],
    ['RCLONE:my nas:/a:b%20', 'my nas:', '/', 'a:b%20'],
    ['rclone::local:/dir/-k', ':local:', '/', 'dir/-k'],
    ['rclone::memory:k', ':memory:', '', 'k'],
    [
      'rclone::webdav,vendor=other,url="http://[::1]:80/""x":a/b',
      ':webdav,vendor=other,url="http://[::1]:80/""x":',
      '',
      'a/b',
    ],
  ])('%s', (url, remote, root, key) => {
    expect(parseObjectUrl(url)).toEqual({ scheme: 'rclone', remote, root, key })
  })

  test.each([
    ['rclone:nas:', ''],
    ['rclone:nas:a/b', 'a/b/'],
    ['rclone:nas:a/b/', 'a/b/'],
    ['rclone:nas:/', '/'],
  ])('a bare key in %s', (store, root) => {
    expect(parseObjectUrl('tank@1', store)).toEqual({ scheme: 'rclone', remote: 'nas:', root, key: 'tank@1' })
  })

  test('a password in a remote that is none of rclone is not shown', () => {
    expect(() => parseObjectUrl('rclone:x,pass="secret')).toThrow(/^rclone:x,…: not a remote/)
  })

  test.each([
    ['rclone:nas', 'not a remote'],
    ['rclone:-x:a', 'not a remote'],
    ['rclone:nas:a//b', 'not a key'],
    ['rclone:nas:../b', 'not a key'],
    ['rclone:nas:a/', 'not a key'],
    ['tank/home@mon', 'a key needs a store'],
    ['file://backup/x', 'not absolute'],
    ['ftp://host/x', 'no store of this kind'],
    ['file:///a//b', 'not a key'],
    ['file:///a/../b', 'not a key'],
    ['file:///a/', 'not a key'],
    ['file:///a%00b', 'not a key'],
    ['file:///a%ff', 'not UTF-8'],
    ['s3:///key', "'' is not a bucket"],
    ['s3://bucket', 'not a key'],
    ['s3://bucket/', 'not a key'],
    ['s3://bucket/a//b', 'not a key'],
  ])('%s is refused', (url, message) => {
    expect(() => parseObjectUrl(url)).toThrow(message)
  })

  test.each(['file:/backup/x', 's3:bucket/x'])('%s is no bare key', (url) => {
    expect(() => parseObjectUrl(url, 'file:///backup')).toThrow('not a URL')
  })

  test.each(['/etc/passwd', '../x', 'a/./b', ''])('the bare key %s is refused', (key) => {
    expect(() => parseObjectUrl(key, 'file:///backup')).toThrow('not a key')
  })
})

test('a name that is not UTF-8 is refused: all of them would be one key', () => {
  const name = Buffer.from([0x61, 0xe9]).toString()
  for (const url of [`file:///backup/${name}`, `s3://bucket/${name}`]) {
    expect(() => parseObjectUrl(url)).toThrow('not UTF-8')
  }
  expect(() => parseObjectUrl(name, 'file:///backup')).toThrow('not UTF-8')
})

describe('urlBelow', () => {
  test.each([
    ['s3://bucket/snap', undefined, 's3://bucket/snap'],
    ['rclone:nas:snap', undefined, 'rclone:nas:snap'],
    ['snap', 'file:///backup', 'file:///backup/snap'],
    ['a%20b/c', 's3://bucket/z3/', 's3://bucket/z3/a%2520b/c'],
    ['snap', 'rclone:nas:', 'rclone:nas:snap'],
    ['a%20b', 'rclone:nas:dir', 'rclone:nas:dir/a%20b'],
  ])('%s in %s', (key, store, url) => expect(urlBelow(key, store)).toBe(url))

  test('a key that needs a store, or is none', () => {
    expect(() => urlBelow('snap')).toThrow('a key needs a store')
    expect(() => urlBelow('../snap', 'file:///backup')).toThrow()
  })
})
