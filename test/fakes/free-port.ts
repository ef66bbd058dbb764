import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const given = new Set<number>()

/** A port that nobody has at the moment, for TCP or UDP, of those that the system gives to nobody by itself, neither before it is used nor after. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1000; tries++) {
    const port = 10_000 + Math.floor(Math.random() * 22_000)
    if (given.has(port)) continue
    given.add(port)
    if ((await isFreeForUdp(port)) && (await isFreeForTcp(port))) return port
  }
  throw new Error('no port is free for UDP and TCP')
}

async function isFreeForUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp6')
  socket.bind(port)
  const isFree = await comes(once(socket, 'listening'))
  socket.close()
  return isFree
}

async function isFreeForTcp(port: number): Promise<boolean> {
  const server = createServer().listen(port)
  const isFree = await comes(once(server, 'listening'))
  server.close()
  return isFree
}

const comes = (event: Promise<unknown>) =>
  event.then(
    () => true,
    () => false,
  )

/** Whether somebody takes connections there. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
