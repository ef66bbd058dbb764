import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DownloadHandler } from '../../../src/store/s3/download-handler.ts'
import { WayOut } from '../../../src/store/s3/way-out.ts'
import { randomBytes } from '../../fakes/inputs.ts'
import { startTcpServer } from '../../fakes/tcp-server.ts'

const large = Buffer.from(randomBytes(3_000_000))
const ok = 'HTTP/1.1 200 OK\r\n'

/** Answers every request with these pieces, each a write of its own. */
async function serve(answer: (socket: Socket, nth: number) => unknown, idleMs = 10_000) {
  const requests: string[] = []
  const { sockets, port } = await startTcpServer((socket) => {
    socket.on('data', (bytes) => {
      requests.push(bytes.toString())
      void answer(socket, requests.length)
    })
  })
  const patience = { connectMs: 10_000, idleMs }
  const handler = new DownloadHandler(patience, new WayOut({}, patience))
  onTestFinished(() => handler.destroy())
  const request = { method: 'GET', protocol: 'http:', hostname: '127.0.0.1', port, path: '/b/k', headers: {} }
  const get = async (signal?: AbortSignal) => {
    const { response } = await handler.handle(request, signal === undefined ? {} : { abortSignal: signal })
    return response
  }
  return { get, handler, request, requests, sockets }
}

const pieces =
  (...all: readonly (string | Buffer)[]) =>
  async (socket: Socket) => {
    for (const piece of all) {
      socket.write(piece)
      await sleep(2)
    }
  }

async function filled(body: Awaited<ReturnType<Awaited<ReturnType<typeof serve>>['get']>>['body'], length: number) {
  const target = new Uint8Array(new SharedArrayBuffer(length))
  const count = await body.fill(target)
  return Buffer.from(target.slice(0, count))
}

describe('a body is filled into memory', () => {
  const bodies: Record<string, (body: Buffer) => (string | Buffer)[]> = {
    'of a told length': (body) => [`${ok}Content-Length: ${body.length}\r\n\r\n`, body],
    'in one write with its head': (body) => [
      Buffer.concat([Buffer.from(`${ok}Content-Length: ${body.length}\r\n\r\n`), body]),
    ],
    'after answers that only announce it': (body) => [
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n',
      `${ok}Content-Length: ${body.length}\r\n\r\n`,
      body,
    ],
    'in chunks': (body) => [
      `${ok}Transfer-Encoding: chunked\r\n\r\n`,
      ...chunk(body.subarray(0, 1)),
      ...chunk(body.subarray(1, 40_000)),
      ...chunk(body.subarray(40_000)),
      '0\r\nTrailer: x\r\n\r\n',
    ],
  }

  test.each(Object.keys(bodies))('%s, and the connection is used again', async (name) => {
    const { get, sockets } = await serve(pieces(...bodies[name]!(large)))
    for (let turn = 0; turn < 3; turn++) {
      const { statusCode, body } = await get()
      expect([statusCode, (await filled(body, large.length)).equals(large)]).toEqual([200, true])
      expect(await body.hasEnded()).toBe(true)
      body.destroy()
    }
    expect(sockets).toHaveLength(1)
  })

  test('in bytes that come one by one', async () => {
    const small = large.subarray(0, 30)
    const answer = Buffer.concat([
      Buffer.from(`${ok}Transfer-Encoding: chunked\r\n\r\n`),
      ...[...chunk(small.subarray(0, 13)), ...chunk(small.subarray(13))].map((piece) => Buffer.from(piece)),
      Buffer.from('0\r\n\r\n'),
    ])
    const { get } = await serve(pieces(...Array.from(answer, (byte) => Buffer.from([byte]))))
    const { body } = await get()
    expect((await filled(body, 1000)).equals(small)).toBe(true)
  })

  test('until the connection is closed, where no length was told; it is not used again', async () => {
    const { get, sockets } = await serve((socket) => socket.end(Buffer.concat([Buffer.from(`${ok}\r\n`), large])))
    for (let turn = 0; turn < 2; turn++) {
      const { body } = await get()
      expect((await filled(body, large.length + 1)).equals(large)).toBe(true)
    }
    expect(sockets).toHaveLength(2)
  })
})

function chunk(bytes: Buffer): (string | Buffer)[] {
  return [`${bytes.length.toString(16)};x=y\r\n`, bytes, '\r\n']
}

test('a request is what was given, its query as it was signed', async () => {
  const { handler, request, requests } = await serve(pieces(`${ok}Content-Length: 0\r\n\r\n`))
  const headers = { host: 'b.example', range: 'bytes=0-1' }
  await handler.handle({ ...request, headers, query: { versionId: "a b'", 'x-id': 'GetObject' } })
  expect(requests[0]).toBe(
    'GET /b/k?versionId=a%20b%27&x-id=GetObject HTTP/1.1\r\nhost: b.example\r\nrange: bytes=0-1\r\nconnection: keep-alive\r\n\r\n',
  )
  const injected = { ...request, headers: { range: 'bytes=0-1\r\nx: y' } }
  await expect(handler.handle(injected)).rejects.toThrow('a line break in a header')
})

test('an error can be read as a stream', async () => {
  const { get, sockets } = await serve(
    pieces('HTTP/1.1 403 Forbidden\r\nContent-Length: 12\r\nX-A: 1\r\nx-a: 2\r\n\r\n<Error/>____'),
  )
  for (let turn = 0; turn < 2; turn++) {
    const { statusCode, reason, headers, body } = await get()
    expect([statusCode, reason, headers]).toEqual([403, 'Forbidden', { 'content-length': '12', 'x-a': '1, 2' }])
    expect(await text(body)).toBe('<Error/>____')
  }
  expect(sockets).toHaveLength(1)
})

describe('what is broken', () => {
  const head = `${ok}Content-Length: ${large.length}\r\n\r\n`
  const half = large.subarray(0, 1_500_000)

  test('an answer that ends early: what came is kept, and counted', async () => {
    const { get } = await serve((socket) => socket.end(Buffer.concat([Buffer.from(head), half])))
    const { body } = await get()
    const target = new Uint8Array(large.length)
    await expect(body.fill(target)).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect([body.filledBytes, half.equals(target.subarray(0, half.length))]).toEqual([half.length, true])
  })

  test('an answer that is cut by a reset', async () => {
    const { get } = await serve((socket) =>
      socket.write(Buffer.concat([Buffer.from(head), half]), () => socket.resetAndDestroy()),
    )
    const { body } = await get()
    await expect(body.fill(new Uint8Array(large.length))).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  test.each([
    ['no answer', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-Le'],
  ])('%s before the connection is closed', async (_, bytes) => {
    const { get } = await serve((socket) => socket.end(bytes))
    await expect(get()).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  test('silence, before an answer and within one', async () => {
    const { get } = await serve((socket, nth) => nth === 2 && socket.write(`${head}x`), 300)
    await expect(get()).rejects.toMatchObject({ name: 'TimeoutError' })
    const { body } = await get()
    await expect(body.fill(new Uint8Array(large.length))).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  test('a link so slow that all of it takes longer than the silence that is borne', async () => {
    const { get } = await serve(async (socket) => {
      socket.write(`${ok}Content-Length: 5\r\n\r\n`)
      for (const byte of 'slow!') {
        await sleep(300)
        socket.write(byte)
      }
    }, 1000)
    const { body } = await get()
    expect((await filled(body, 5)).toString()).toBe('slow!')
  })

  test('nobody who listens', async () => {
    const { handler, request } = await serve(() => {})
    await expect(handler.handle({ ...request, port: 1 })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n'],
    ['a line that is no header', `${ok}no colon\r\n\r\n`],
    ['a length that is no number', `${ok}Content-Length: many\r\n\r\n`],
    ['a head without end', `${ok}x: ${'y'.repeat(20_000)}\r\n\r\n`],
  ])('%s', async (_, bytes) => {
    const { get } = await serve(pieces(bytes))
    await expect(get()).rejects.toMatchObject({ code: 'HPE_INVALID' })
  })

  test.each([
    ['no length', 'zz\r\n'],
    ['another end', '3\r\nabcX\r\n'],
    ['a length without end', '1'.repeat(5000)],
  ])('a chunk with %s', async (_, bytes) => {
    const { get } = await serve(pieces(`${ok}Transfer-Encoding: chunked\r\n\r\n${bytes}`))
    const { body } = await get()
    await expect(body.fill(new Uint8Array(100))).rejects.toMatchObject({ code: 'HPE_INVALID' })
  })

  test('bytes behind the answer: the connection is not used again', async () => {
    const { get, sockets } = await serve(pieces(`${ok}Content-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n`))
    for (let turn = 0; turn < 2; turn++) expect((await filled((await get()).body, 2)).toString()).toBe('ab')
    expect(sockets).toHaveLength(2)
  })
})

test('an idle connection that the server closes is not used again', async () => {
  const { get, sockets } = await serve(pieces(`${ok}Content-Length: 0\r\n\r\n`))
  await get()
  sockets[0]?.end()
  await sleep(50)
  await get()
  expect(sockets).toHaveLength(2)
})

test('one that the server will close is not used again', async () => {
  const { get, sockets } = await serve(pieces(`${ok}Connection: close\r\nContent-Length: 0\r\n\r\n`))
  await get()
  await get()
  expect(sockets).toHaveLength(2)
})

test('an abort ends a request before its answer, and within', async () => {
  const { get } = await serve((socket, nth) => nth === 2 && socket.write(`${ok}Content-Length: 9\r\n\r\nabc`))
  const reason = new Error('stopped')
  for (const isAnswered of [false, true]) {
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 50)
    const answer = get(controller.signal)
    if (!isAnswered) await expect(answer).rejects.toBe(reason)
    else await expect((await answer).body.fill(new Uint8Array(9))).rejects.toBe(reason)
  }
  await expect(get(AbortSignal.abort(reason))).rejects.toBe(reason)
})
