import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'
import { getStream } from '../../../src/store/get-stream.ts'
import { S3Store } from '../../../src/store/s3/s3-store.ts'
import { randomBytes } from '../../fakes/inputs.ts'
import { openTestStore } from './store-on.ts'

const bytes = Buffer.from(randomBytes(1000))
const described = 'ETag: "abc"\r\nLast-Modified: Sat, 21 Nov 2026 22:00:00 GMT\r\n'

/** Breaks the connection when all bytes have come, and the end of their chunks has not. */
async function serverThatBreaks() {
  const ranges: (string | undefined)[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (request) => {
      const length = `Content-Length: ${bytes.length}\r\n\r\n`
      if (request.toString().startsWith('HEAD')) return void socket.write(`HTTP/1.1 200 OK\r\n${described}${length}`)
      const range = /^range: (.*)\r$/im.exec(request.toString())?.[1]
      ranges.push(range)
      // A range that makes no sense is passed over.
      if (range !== 'bytes=0-999') return void socket.write(`HTTP/1.1 200 OK\r\n${described}${length}${bytes}`)
      const head = `HTTP/1.1 206 Partial Content\r\n${described}Content-Range: bytes 0-999/1000\r\n`
      socket.write(Buffer.concat([Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n3e8\r\n`), bytes]))
      setTimeout(() => socket.destroy(), 20)
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ranges }
}

test('nothing is asked for when only the end of the answer was lost', async () => {
  const { endpoint, ranges } = await serverThatBreaks()
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  const store = new S3Store('bucket', '', { endpoint, region: 'us-east-1', credentials })
  const target = new Uint8Array(bytes.length)
  await (await store.open('k')).read(0, target)
  expect(bytes.equals(target)).toBe(true)
  expect(ranges).toEqual(['bytes=0-999'])
})

test.each([0, 1, 5])('with %i bytes of memory, an object is read in pieces all the same', async (memoryBytes) => {
  const { store, client, name } = await openTestStore({ memoryBytes })
  await client.send(new PutObjectCommand({ Bucket: name, Key: 'k', Body: bytes }))
  const pieces: Buffer[] = []
  for await (const piece of getStream(store, await store.open('k'), { verify: true, checks: [] })) {
    pieces.push(Buffer.from(piece))
  }
  expect(bytes.equals(Buffer.concat(pieces))).toBe(true)
})
