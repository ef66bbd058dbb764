import { isIPv4 } from 'node:net'
import type { Address } from './address.ts'
import type { SystemCalls } from './system-calls.ts'

// Room for a datagram of 64 KiB, which GSO cuts up and GRO puts together.
const dataBytes = 65_536
const [headerAt, vectorAt, nameAt, controlAt, dataAt] = [0, 64, 96, 160, 4096] as const
const controlBytes = 64
const [AF_INET, AF_INET6] = [2, 10]
const SOL_UDP = 17
const cmsgHeaderBytes = 16
// What is mapped is never given back to the system, but to the next socket.
const spare: ReturnType<SystemCalls['map']>[] = []
const mappedPrefix = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255])

/*
 *  struct msghdr of 64-bit Linux and what it points to, in one piece of memory that never moves:
 *  msg_name 8, msg_namelen 4, - 4, msg_iov 8, msg_iovlen 8, msg_control 8, msg_controllen 8, msg_flags 4
 *  struct iovec: base 8, bytes 8; struct cmsghdr: bytes 8, level 4, type 4, then its data
 */
export class Message {
  readonly header: Buffer
  /** What is sent, or was received. */
  readonly data: Buffer
  readonly #mapped: ReturnType<SystemCalls['map']>
  readonly #memory: Buffer
  readonly #family: 4 | 6
  readonly #dataAddress: number
  #to: Address | undefined
  #nameBytes = 0
  #from: Address | undefined
  readonly #fromName = Buffer.alloc(28)

  constructor(calls: SystemCalls, family: 4 | 6) {
    this.#mapped = spare.pop() ?? calls.map(dataAt + dataBytes)
    const { memory, address } = this.#mapped
    this.#memory = memory
    this.#family = family
    this.header = memory.subarray(headerAt, headerAt + 56)
    this.data = memory.subarray(dataAt, dataAt + dataBytes)
    memory.writeBigUInt64LE(address + BigInt(nameAt), 0)
    memory.writeBigUInt64LE(address + BigInt(vectorAt), 16)
    memory.writeUInt32LE(1, 24)
    memory.writeBigUInt64LE(address + BigInt(controlAt), 32)
    this.#dataAddress = Number(address) + dataAt
  }

  /** It is used no more. */
  release(): void {
    spare.push(this.#mapped)
  }

  /** Where the data lies: in this message, or at another address, which must stay good until the call is over. */
  #pointTo(address = this.#dataAddress): void {
    this.#memory.writeUInt32LE(address % 2 ** 32, vectorAt)
    this.#memory.writeUInt32LE(Math.floor(address / 2 ** 32), vectorAt + 4)
  }

  /** Of so many bytes of data, to be cut into packets of `segmentBytes`. */
  prepareSend(to: Address, bytes: number, segmentBytes: number, address?: number): void {
    if (to !== this.#to) this.#nameBytes = this.#writeName(to)
    this.#to = to
    this.#memory.writeUInt32LE(this.#nameBytes, 8)
    this.#pointTo(address)
    this.#memory.writeUInt32LE(bytes, vectorAt + 8)
    const isCut = segmentBytes < bytes
    this.#memory.writeUInt32LE(isCut ? cmsgHeaderBytes + 8 : 0, 40)
    if (!isCut) return
    this.#memory.writeUInt32LE(cmsgHeaderBytes + 2, controlAt)
    this.#memory.writeInt32LE(SOL_UDP, controlAt + 8)
    this.#memory.writeInt32LE(udpSegment, controlAt + 12)
    this.#memory.writeUInt16LE(segmentBytes, controlAt + 16)
  }

  prepareReceive(address?: number): void {
    this.#pointTo(address)
    this.#memory.writeUInt32LE(64, 8)
    this.#memory.writeUInt32LE(dataBytes, vectorAt + 8)
    this.#memory.writeUInt32LE(controlBytes, 40)
  }

  /** The length of the packets that were put together, if any were. */
  get segmentBytes(): number | undefined {
    const hasControl = this.#memory.readUInt32LE(40) >= cmsgHeaderBytes + 4
    const isGro = hasControl && this.#memory.readInt32LE(controlAt + 12) === udpGro
    return isGro ? this.#memory.readInt32LE(controlAt + 16) : undefined
  }

  /** The same object as long as the same one sends. */
  get from(): Address {
    const name = this.#memory.subarray(nameAt, nameAt + 28)
    if (this.#from !== undefined && name.equals(this.#fromName)) return this.#from
    this.#fromName.set(name)
    this.#from = this.#readName()
    return this.#from
  }

  #readName(): Address {
    const memory = this.#memory
    const port = memory.readUInt16BE(nameAt + 2)
    if (memory.readUInt16LE(nameAt) === AF_INET)
      return { address: memory.subarray(nameAt + 4, nameAt + 8).join('.'), port }
    // An IPv4 address at a socket for both.
    if (memory.subarray(nameAt + 8, nameAt + 20).equals(mappedPrefix))
      return { address: `::ffff:${memory.subarray(nameAt + 20, nameAt + 24).join('.')}`, port }
    const groups = Array.from({ length: 8 }, (_, index) => memory.readUInt16BE(nameAt + 8 + 2 * index).toString(16))
    const scope = memory.readUInt32LE(nameAt + 24)
    return { address: scope === 0 ? groups.join(':') : `${groups.join(':')}%${scope}`, port }
  }

  #writeName({ address, port }: Address): number {
    const memory = this.#memory
    memory.fill(0, nameAt, nameAt + 28)
    memory.writeUInt16BE(port, nameAt + 2)
    if (this.#family === 4) {
      memory.writeUInt16LE(AF_INET, nameAt)
      memory.set(address.split('.').map(Number), nameAt + 4)
      return 16
    }
    memory.writeUInt16LE(AF_INET6, nameAt)
    const [plain = '', scope = '0'] = address.split('%')
    for (const [index, group] of groupsOf(plain).entries()) memory.writeUInt16BE(group, nameAt + 8 + 2 * index)
    memory.writeUInt32LE(Number(scope), nameAt + 24)
    return 28
  }
}

const udpSegment = 103
export const udpGro = 104

/** The eight numbers of an IPv6 address, which may end in an IPv4 one. */
export function groupsOf(address: string): number[] {
  const [, before = '', last = ''] = /^(.*:)?([^:]*)$/.exec(address) ?? []
  const tail = isIPv4(last) ? last.split('.').map(Number) : undefined
  const [a = 0, b = 0, c = 0, d = 0] = tail ?? []
  const text = tail === undefined ? address : `${before}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  const [head = '', rest] = text.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  if (rest === undefined) return groups(head)
  const [left, right] = [groups(head), groups(rest)]
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
}
