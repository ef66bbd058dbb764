import { Failure } from '../errors.ts'
import type { OptionSpecs } from './command.ts'
import { parseDuration, parseSize } from './units.ts'

/** What both ends of a transfer over UDP understand. */
export const udpOptions = {
  key: { type: 'string', metavar: 'FILE', describe: 'the file with the key that both ends share' },
  'new-key': { type: 'string', metavar: 'FILE', describe: 'make a file with a new key, and do nothing else' },
  insecure: {
    type: 'boolean',
    default: false,
    describe: 'have no key: everybody on the way can read the stream, and send another',
  },
  wait: {
    type: 'string',
    metavar: 'DURATION',
    coerce: parseDuration,
    describe: 'how long the other end may take to appear; 60s by default',
  },
  timeout: {
    type: 'string',
    metavar: 'DURATION',
    coerce: parseDuration,
    describe: 'how long the other end may be silent before it is given up; 30s by default',
  },
  memory: {
    type: 'string',
    metavar: 'SIZE',
    default: '128M',
    coerce: parseMemory,
    describe: 'memory for this program; what Node.js leaves of it is for packets on their way',
  },
  trace: {
    type: 'string',
    metavar: 'FILE',
    describe: 'write rate, round trip and ring to this file over time, as a Chrome trace',
  },
  format: {
    choices: ['auto', 'zfs', 'bytes'] as const,
    default: 'auto' as const,
    describe: 'auto: check a ZFS stream, pass all else; zfs: must be one, compressed perhaps; bytes: check nothing',
  },
} satisfies OptionSpecs

/** In milliseconds. Not declared with the options: one that is given where nobody is waited for must be told from none. */
export function patienceOf({
  wait = 60_000,
  timeout = 30_000,
}: {
  wait?: number | undefined
  timeout?: number | undefined
}) {
  return { waitMs: wait, timeoutMs: timeout }
}

// Node.js with our code and its buffers for datagrams, and the least that is of use beside it.
const ownBytes = 96 * 1024 * 1024
const leastWindowBytes = 8 * 1024 * 1024
// WebAssembly's memories and Node's buffers have no more; the rest of one is for packets on their way in and out.
const mostWindowBytes = 4 * 1024 ** 3 - 1024 ** 2

/** What of the memory is for packets that are on their way or wait for their turn. */
export function windowBytesOf(memoryBytes: number): number {
  return Math.min(memoryBytes - ownBytes, mostWindowBytes)
}

function parseMemory(text: string): number {
  const bytes = parseSize(text)
  if (bytes >= ownBytes + leastWindowBytes) return bytes
  throw new Failure('usage', `'${text}' is too little memory: 104M is the least`)
}
