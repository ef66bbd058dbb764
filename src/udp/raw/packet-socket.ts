import { closeSync } from 'node:fs'
import { platform } from 'node:os'
import { Failure } from '../../errors.ts'
import { loadKoffi } from '../../stream/koffi.ts'

// From Linux' headers: packet(7), socket(7).
const [AF_PACKET, SOCK_RAW, SOCK_NONBLOCK] = [17, 3, 0o4000]
const [SOL_SOCKET, SOL_PACKET] = [1, 263]
const [SO_SNDBUFFORCE, SO_RCVBUFFORCE, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC] = [32, 33, 1, 1]
const ETH_P_ALL = 3
// netdevice(7). /sys would show the interfaces of the network that it was mounted in.
const [AF_INET, SOCK_DGRAM] = [2, 2]
const [SIOCGIFMTU, SIOCGIFHWADDR, SIOCGIFINDEX] = [0x8921, 0x8927, 0x8933]
const EPERM = 1
const addressBytes = 20
const bufferBytes = 8 * 1024 * 1024

interface Calls {
  socket(domain: number, type: number, protocol: number): number
  bind(fd: number, address: Buffer, bytes: number): number
  setsockopt(fd: number, level: number, name: number, value: Buffer, bytes: number): number
  ioctl(fd: number, request: number, argument: Buffer): number
  recvfrom(fd: number, target: Buffer, bytes: number, flags: number, address: Buffer, addressLength: Buffer): number
  errno(): number
}

export interface NetworkInterface {
  readonly name: string
  readonly index: number
  readonly mtuBytes: number
  readonly mac: Buffer
}

/** What the system says of an interface; one that is not there is a Failure 'unavailable'. */
export function readInterface(name: string): NetworkInterface {
  const calls = load()
  const fd = calls.socket(AF_INET, SOCK_DGRAM, 0)
  // struct ifreq: a name of 15 bytes at most, and what is asked for.
  const ask = (request: number) => {
    const answer = Buffer.alloc(40)
    answer.write(name, 0, 15)
    if (calls.ioctl(fd, request, answer) === 0 && name.length < 16) return answer.subarray(16)
    throw new Failure('unavailable', `${name}: no such network interface`)
  }
  try {
    const [index, mtuBytes] = [ask(SIOCGIFINDEX).readInt32LE(), ask(SIOCGIFMTU).readInt32LE()]
    return { name, index, mtuBytes, mac: ask(SIOCGIFHWADDR).subarray(2, 8) }
  } finally {
    closeSync(fd)
  }
}

/**
 * A socket of whole Ethernet frames at one interface. `receives`: all that pass it, those for others too. Without the right
 * to it a Failure 'permission'; on another system than Linux 'unavailable'.
 */
export function openPacketSocket({ name, index }: NetworkInterface, receives: boolean): number {
  const calls = load()
  const protocol = receives ? toBigEndian(ETH_P_ALL) : 0
  const fd = calls.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, protocol)
  if (fd < 0) throw refused(calls.errno())
  const address = Buffer.alloc(addressBytes)
  address.writeUInt16LE(AF_PACKET, 0)
  address.writeUInt16LE(protocol, 2)
  address.writeInt32LE(index, 4)
  if (calls.bind(fd, address, addressBytes) !== 0) {
    closeSync(fd)
    throw new Failure('unavailable', `${name}: cannot be used: error ${calls.errno()}`)
  }
  const size = Buffer.alloc(4)
  size.writeInt32LE(bufferBytes)
  calls.setsockopt(fd, SOL_SOCKET, receives ? SO_RCVBUFFORCE : SO_SNDBUFFORCE, size, 4)
  if (receives) listenToAll(calls, fd, index)
  return fd
}

/** The next frame, or 'none' if there is none at the moment, as while the interface is down. Those that this system sends are none. */
export function createFrameReader(fd: number): () => Buffer | 'own' | 'none' {
  const calls = load()
  const frame = Buffer.allocUnsafeSlow(65_536 + 14)
  const address = Buffer.alloc(addressBytes)
  const length = Buffer.alloc(4)
  const PACKET_OUTGOING = 4
  return () => {
    length.writeUInt32LE(addressBytes)
    const bytes = Number(calls.recvfrom(fd, frame, frame.length, 0, address, length))
    if (bytes < 0) return 'none'
    return address[10] === PACKET_OUTGOING ? 'own' : frame.subarray(0, bytes)
  }
}

function listenToAll(calls: Calls, fd: number, index: number): void {
  const request = Buffer.alloc(16)
  request.writeInt32LE(index, 0)
  request.writeUInt16LE(PACKET_MR_PROMISC, 4)
  calls.setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request, request.length)
}

function toBigEndian(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8)
}

function refused(errno: number): Failure {
  if (errno !== EPERM) return new Failure('unavailable', `this system has no packet sockets: error ${errno}`)
  return new Failure('permission', 'raw frames need the capability CAP_NET_RAW', { hint: 'run it as root' })
}

let loaded: Calls | undefined

function load(): Calls {
  if (platform() !== 'linux') throw new Failure('unavailable', 'raw frames need Linux')
  loaded ??= link()
  return loaded
}

function link(): Calls {
  try {
    const koffi = loadKoffi()
    const libc = koffi.load(null)
    return {
      socket: libc.func('int socket(int domain, int type, int protocol)'),
      bind: libc.func('int bind(int fd, const void *address, uint32_t bytes)'),
      setsockopt: libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t bytes)'),
      ioctl: libc.func('int ioctl(int fd, unsigned long request, void *argument)'),
      recvfrom: libc.func(
        'int64_t recvfrom(int fd, void *target, size_t bytes, int flags, void *address, void *length)',
      ),
      errno: () => koffi.errno(),
    }
  } catch (error) {
    throw new Failure('unavailable', 'raw frames need koffi, which has no binary for this system', { cause: error })
  }
}
