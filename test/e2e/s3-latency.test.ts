import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { test as base, expect, onTestFinished } from 'vitest'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { type ZfsHost, zfsFixture } from '../zfs-host/pools.ts'

/**
 * A way to a server on which each direction takes so long. It holds back the first answers to HEADs until so many are
 * asked at once, and counts how many were at most.
 */
async function delayedWay(port: number, { delayMs, atOnce }: { readonly delayMs: number; readonly atOnce: number }) {
  const sockets = new Set<Socket>()
  const heads = { now: 0, most: 0 }
  let open = () => {}
  const isOpen = new Promise<void>((resolve) => {
    open = resolve
  })
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    let isHead = false
    let answered: Promise<unknown> = Promise.resolve()
    near.on('data', (bytes) => {
      isHead = bytes.toString('latin1', 0, 5) === 'HEAD '
      if (isHead) heads.now += 1
      heads.most = Math.max(heads.most, heads.now)
      if (heads.now === atOnce) setTimeout(open, delayMs)
      setTimeout(() => far.write(bytes), delayMs)
    })
    far.on('data', (bytes) => {
      const isDue = Promise.all([answered, sleep(delayMs), isHead ? isOpen : undefined])
      answered = isDue.then(() => {
        if (isHead) heads.now -= 1
        isHead = false
        near.write(bytes)
      })
    })
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port: (server.address() as AddressInfo).port, heads }
}

const count = 1000
const atOnce = 32
const test = base.extend<{ zfs: ZfsHost }>(zfsFixture)

test('status asks for 1,000 objects once each, 32 at a time', { timeout: 180_000 }, async ({ zfs }) => {
  const { client, name, environment, standIn } = await standInWithBucket()
  for (let number = 1; number <= count; number++) {
    const Metadata = number === 1 ? { isfull: 'true' } : { parent: `tank/fs@s${number - 1}` }
    const Key = `z3-backup/tank/fs@s${number}`
    await client.send(new PutObjectCommand({ Bucket: name, Key, Body: Buffer.alloc(700), Metadata }))
  }
  const before = standIn.handled.length
  const [variable, endpoint] = Object.entries(environment).find(([, value = '']) => value.includes('127.0.0.1')) ?? []
  if (variable === undefined || endpoint === undefined) throw new Error('the environment names no server')
  const { port, heads } = await delayedWay(Number(new URL(endpoint).port), { delayMs: 10, atOnce })
  const settings = { ...environment, BUCKET: name, [variable]: endpoint.replace(/:\d+/, `:${port}`) }
  const exports = Object.entries(settings).map(([key, value]) => `export ${key}='${value}'`)
  const ended = await zfs.script(`${exports.join('\n')}
    zsnap status -q tank/fs`)
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  expect(ended.stdout).toMatch(/^ok: tank\/fs: .*; 1000 backups, 0 broken$/m)
  expect(standIn.handled.length - before).toBe(count + 2)
  expect(heads.most).toBe(atOnce)
})
