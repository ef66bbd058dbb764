import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { test as base, expect, onTestFinished } from 'vitest'
import { standInWithBucket } from '../fakes/s3-server/started.ts'
import { type ZfsHost, zfsFixture } from '../zfs-host/pools.ts'

/** A way to a server on which each direction takes so long. Gives its port. */
async function delayedWay(port: number, delayMs: number): Promise<number> {
  const sockets = new Set<Socket>()
  const carry = (from: Socket, to: Socket) => {
    from.on('data', (bytes) => setTimeout(() => to.write(bytes), delayMs))
    from.on('close', () => setTimeout(() => to.destroy(), delayMs))
    from.on('error', () => {})
    sockets.add(from)
  }
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    carry(near, far)
    carry(far, near)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}

const count = 1000
const test = base.extend<{ zfs: ZfsHost }>(zfsFixture)

test('status of 1,000 objects over a way of 20 ms asks 32 at a time', async ({ zfs }) => {
  const { client, name, environment, standIn } = await standInWithBucket()
  for (let number = 1; number <= count; number++) {
    const Metadata = number === 1 ? { isfull: 'true' } : { parent: `tank/fs@s${number - 1}` }
    const Key = `z3-backup/tank/fs@s${number}`
    await client.send(new PutObjectCommand({ Bucket: name, Key, Body: Buffer.alloc(700), Metadata }))
  }
  const before = standIn.handled.length
  const [variable, endpoint] = Object.entries(environment).find(([, value = '']) => value.includes('127.0.0.1')) ?? []
  if (variable === undefined || endpoint === undefined) throw new Error('the environment names no server')
  const port = await delayedWay(Number(new URL(endpoint).port), 10)
  const settings = { ...environment, BUCKET: name, [variable]: endpoint.replace(/:\d+/, `:${port}`) }
  const exports = Object.entries(settings).map(([key, value]) => `export ${key}='${value}'`)
  const ended = await zfs.script(`${exports.join('\n')}
    start=$(date +%s%N)
    zsnap status tank/fs | tail -1
    echo $((($(date +%s%N) - start) / 1000000))`)
  expect(ended.status).toBe(0)
  const [state, ms] = ended.stdout.split('\n')
  expect(state).toMatch(/^ok: tank\/fs: .*; 1000 backups, 0 broken$/)
  expect(standIn.handled.length - before).toBe(count + 2)
  // One after the other would take 20 s.
  expect(Number(ms)).toBeLessThan(8000)
})
