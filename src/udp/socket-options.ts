import type { Socket } from 'node:dgram'
import { createRequire } from 'node:module'
import { platform } from 'node:os'

type SetOption = (fd: number, level: number, name: number, value: Buffer, bytes: number) => number

// From Linux' headers: ip(7), ipv6(7), socket(7).
const [SOL_IP, SOL_SOCKET, SOL_IPV6] = [0, 1, 41]
const [IP_MTU_DISCOVER, IPV6_MTU_DISCOVER] = [10, 23]
// Never fragments, and does not believe what routers say of the path: our probes find out.
const PMTUDISC_PROBE = 3
const [SO_SNDBUFFORCE, SO_RCVBUFFORCE] = [32, 33]
// A burst of a fast sender must wait here until this program's turn comes.
const bufferBytes = 8 * 1024 * 1024

let setOption: SetOption | null | undefined

function loadSetOption(): SetOption | null {
  if (platform() !== 'linux') return null
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
    const prototype = 'int setsockopt(int fd, int level, int name, const void *value, uint32_t bytes)'
    return koffi.load(null).func(prototype) as unknown as SetOption
  } catch {
    return null
  }
}

/** Whether larger packets than every path takes can be tried: only whole ones tell anything. */
export function canForbidFragments(): boolean {
  if (setOption === undefined) setOption = loadSetOption()
  return setOption !== null
}

/** Whole packets only, and large buffers, where the system grants them. Returns whether packets stay whole. */
export function tuneSocket(socket: Socket, family: 4 | 6): boolean {
  const fd = descriptorOf(socket)
  if (fd === undefined || fd < 0 || !canForbidFragments()) return false
  const set = (level: number, name: number, value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32LE(value)
    return setOption?.(fd, level, name, bytes, bytes.length) === 0
  }
  // The first needs a privilege. Without it we get what net.core.rmem_max allows.
  for (const option of [SO_SNDBUFFORCE, SO_RCVBUFFORCE]) set(SOL_SOCKET, option, bufferBytes)
  const isWhole = set(SOL_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE)
  return family === 6 ? set(SOL_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE) : isWhole
}

/** Node has no name for it, but a state that is found under a symbol. Where it is not, packets stay small. */
function descriptorOf(socket: Socket): number | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol')
  const state = symbol === undefined ? undefined : (socket as unknown as Record<symbol, unknown>)[symbol]
  return (state as { handle?: { fd?: number } } | undefined)?.handle?.fd
}
