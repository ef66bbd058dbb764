import type { Socket } from 'node:dgram'
import { systemCalls } from './system-calls.ts'

// From Linux' headers: ip(7), ipv6(7), socket(7).
const [SOL_IP, SOL_SOCKET, SOL_IPV6] = [0, 1, 41]
const [IP_MTU_DISCOVER, IPV6_MTU_DISCOVER] = [10, 23]
// Never fragments, and does not believe what routers say of the path: our probes find out.
const PMTUDISC_PROBE = 3
const [SO_SNDBUFFORCE, SO_RCVBUFFORCE] = [32, 33]
// A burst of a fast sender must wait here until this program's turn comes.
const bufferBytes = 8 * 1024 * 1024

/** Whether larger packets than every path takes can be tried: only whole ones tell anything. */
export function canForbidFragments(): boolean {
  return systemCalls() !== undefined
}

/** Whole packets only, and large buffers, where the system grants them. Returns whether packets stay whole. */
export function tuneSocket(socket: Socket, family: 4 | 6): boolean {
  const fd = handleOf(socket)?.fd
  if (fd === undefined || fd < 0 || !canForbidFragments()) return false
  const set = (level: number, name: number, value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32LE(value)
    return systemCalls()?.setsockopt(fd, level, name, bytes, bytes.length) === 0
  }
  // The first needs a privilege. Without it we get what net.core.rmem_max allows.
  for (const option of [SO_SNDBUFFORCE, SO_RCVBUFFORCE]) set(SOL_SOCKET, option, bufferBytes)
  const isWhole = set(SOL_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE)
  return family === 6 ? set(SOL_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE) : isWhole
}

/** Node has no name for it, but a state that is found under a symbol. Where it is not, packets stay small. */
export function handleOf(socket: Socket): { fd?: number; recvStop?(): void } | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol')
  const state = symbol === undefined ? undefined : (socket as unknown as Record<symbol, unknown>)[symbol]
  return (state as { handle?: { fd?: number; recvStop?(): void } } | undefined)?.handle
}
