import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Address } from '../../src/sync/address.ts'
import { Channel, type Link } from '../../src/sync/channel.ts'
import { connectTcp } from '../../src/sync/connect-tcp.ts'
import { listenTcp } from '../../src/sync/listen-tcp.ts'
import type { Security } from '../../src/sync/security.ts'
import { SeededRandom } from '../fakes/seeded-random.ts'

const key = { kind: 'key', key: new Uint8Array(32).fill(7) } as const
const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** A receiver that counts whom it lets in, and says what it is told to. */
async function listening(security: Security = key, mostConnections = 8) {
  const controller = new AbortController()
  const [links, refused]: [Link[], string[]] = [[], []]
  const address = await new Promise<Address>((resolve, reject) => {
    const listened = listenTcp({ host: '127.0.0.1', port: 0 }, security, {
      signal: controller.signal,
      mostConnections,
      onListening: resolve,
      onLink: (link) => links.push(link),
      onRefused: (_, reason) => refused.push(reason),
    })
    ends.push(async () => {
      for (const link of links) await link.close()
      controller.abort()
      await listened
    })
    listened.catch(reject)
  })
  return { address, links, refused }
}

async function connected(address: Address, security: Security = key): Promise<Link> {
  const link = await connectTcp(address, security, new AbortController().signal)
  ends.push(() => link.close())
  return link
}

/** Waits for what other callbacks bring about. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Lets bytes through to a receiver, and keeps what the sender has sent. */
async function recorder(to: Address) {
  const recorded: Buffer[] = []
  const sockets: Socket[] = []
  const server = createServer((from) => {
    const onwards = connect(to.port, '127.0.0.1')
    sockets.push(from, onwards)
    from.on('data', (bytes: Buffer) => recorded.push(bytes)).pipe(onwards)
    onwards.pipe(from)
    for (const each of [from, onwards]) each.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    for (const each of sockets) each.destroy()
    server.close()
  })
  return { address: { host: '127.0.0.1', port: (server.address() as { port: number }).port }, recorded }
}

describe('over TCP', () => {
  it('connects who has the key, and says so to who has another', async () => {
    const { address, links, refused } = await listening()
    await connected(address)
    await until(() => links.length === 1)
    const other = { kind: 'key', key: new Uint8Array(32).fill(8) } as const
    await expect(connected(address, other)).rejects.toMatchObject({ kind: 'permission' })
    await until(() => refused.length === 1)
    expect([links.length, refused]).toEqual([1, ['it has another key']])
  })

  it.each([
    ['encrypted', key],
    ['in clear', { kind: 'insecure' }],
  ] as const)('the last words, %s, come to whoever was still writing', async (_, security) => {
    const { address, links } = await listening(security)
    const peer = await connected(address, security)
    await until(() => links.length === 1)
    const [link] = links
    const writing = (async () => {
      for (;;) await peer.write(new Uint8Array(100_000))
    })()
    writing.catch(() => {})
    const words = new TextEncoder().encode('last words')
    await link?.write(words)
    const gone = link?.finish().then(() => link.close())
    // Busy elsewhere for a while.
    await new Promise((resolve) => setTimeout(resolve, 200))
    const place = new Uint8Array(words.length)
    expect([await peer.input.fill(place), place]).toEqual([words.length, words])
    await peer.close()
    await gone
  })

  it('a recorded dialogue, sent again, is let in nowhere', async () => {
    const { address, links } = await listening()
    const between = await recorder(address)
    const link = await connected(between.address)
    await link.write(Buffer.from('zfsync 1\n'))
    await until(() => links.length === 1)
    const said = new Uint8Array(9)
    await links[0]!.input.fill(said)
    expect(Buffer.from(said).toString()).toBe('zfsync 1\n')

    const again = connect(address.port, '127.0.0.1')
    await new Promise((resolve) => {
      again.on('error', () => {}).once('close', resolve)
      again.resume()
      again.end(Buffer.concat(between.recorded))
    })
    expect(links.length).toBe(1)
  })

  it('whatever is said in place of a handshake lets nobody in', async () => {
    const { address, links } = await listening()
    const between = await recorder(address)
    await connected(between.address)
    await until(() => links.length === 1)
    const hello = Buffer.concat(between.recorded)
    const random = new SeededRandom(3)
    for (let count = 0; count < 100; count++) {
      const bytes = random.below(2) === 0 ? Buffer.from(random.bytes(random.below(400))) : Buffer.from(hello)
      for (let change = random.below(4); change >= 0; change--) bytes[random.below(bytes.length)] = random.below(256)
      const socket = connect(address.port, '127.0.0.1')
      await new Promise((resolve) => {
        socket.on('error', () => {}).once('close', resolve)
        socket.resume()
        socket.end(bytes)
      })
    }
    expect(links.length).toBe(1)
  })

  it('one too many is told so, in words', async () => {
    const { address, refused } = await listening(key, 2)
    await connected(address)
    await connected(address)
    const channel = new Channel(await connected(address))
    expect(await channel.readGreeting()).toBe(true)
    expect(JSON.parse(await channel.readMessage())).toMatchObject({
      type: 'failed',
      trouble: { kind: 'retry', message: 'the receiver has 2 connections already, its most' },
    })
    expect(refused).toEqual(['the receiver has 2 connections already, its most'])
  })

  it('a receiver that was stopped before it listens ends at once', async () => {
    await listenTcp({ host: '127.0.0.1', port: 0 }, key, {
      signal: AbortSignal.abort(),
      mostConnections: 8,
      onListening: () => {},
      onLink: () => {},
      onRefused: () => {},
    })
  })

  it('who says nothing is given up', async () => {
    const { address, links } = await listening()
    await connected(address)
    await until(() => links.length === 1)
    const channel = new Channel(links[0]!, { helloMs: 50 })
    await expect(channel.readGreeting()).rejects.toMatchObject({
      kind: 'retry',
      message: 'the other side has said nothing for 0.05 seconds',
    })
  })
})
