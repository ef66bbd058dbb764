import { Failure } from '../errors.ts'
import type { OptionSpecs } from './command.ts'
import { parseDuration, parseFromOne } from './units.ts'

// None of these options has a default of its own: one that is given where it means nothing must be told from none.

/** Of a sender that gets no answer. */
export const oneWaySendOptions = {
  'one-way': {
    type: 'boolean',
    default: false,
    describe: 'expect no answer, as behind a data diode: send at the rate of --rate, with packets for repair',
  },
  repair: {
    type: 'string',
    metavar: 'N+M',
    coerce: parseCode,
    describe: 'with --one-way: to each N packets M more, so that any N of them give back the others; 20+2 by default',
  },
  burst: {
    type: 'string',
    metavar: 'DURATION',
    coerce: parseDuration,
    describe: 'with --one-way: what is lost in a row for this long can be repaired; 5ms by default',
  },
  framesize: {
    type: 'string',
    metavar: 'BYTES',
    coerce: parseFromOne,
    describe:
      'with --one-way: length of an Ethernet frame with its header, 1500 by default; 9000 where all on the way take it',
  },
  only: {
    type: 'string',
    metavar: 'FILE',
    describe: 'with --one-way: send only what this file, of zudp-recv --repair-request, lists; stdin is the whole file',
  },
} satisfies OptionSpecs

/** Of a sender that makes its own frames, and may run `zfs send` itself. */
export const rawSendOptions = {
  raw: {
    type: 'boolean',
    default: false,
    describe: 'make the Ethernet frames here (Linux, CAP_NET_RAW): one-way, from addresses that need not exist',
  },
  interface: { type: 'string', metavar: 'IF', describe: 'with --raw: the interface that sends the frames' },
  'source-ip': { type: 'string', metavar: 'ADDRESS', describe: 'with --raw: the IPv4 or IPv6 address they are from' },
  'source-mac': {
    type: 'string',
    metavar: 'MAC',
    describe: "with --raw: the MAC address they are from; the interface's own if it is not given",
  },
  'destination-ip': { type: 'string', metavar: 'ADDRESS', describe: 'with --raw: the address they are for' },
  'destination-mac': { type: 'string', metavar: 'MAC', describe: 'with --raw: the MAC address they are for' },
  'dummy-data': { type: 'string', metavar: 'FILE', describe: 'with --one-way: send this file instead of stdin' },
  'full-sync': {
    type: 'boolean',
    default: false,
    describe: 'with --one-way: take a snapshot of all of --pool and send it, by zfs send -R',
  },
  pool: { type: 'string', metavar: 'POOL', describe: 'the pool or dataset of --full-sync' },
  'send-delta': {
    type: 'boolean',
    default: false,
    describe: 'with --one-way: send what is between two snapshots, by zfs send -I',
  },
  'delta-start': {
    type: 'string',
    metavar: 'SNAPSHOT',
    describe: 'of --send-delta: the snapshot that the receiver has',
  },
  'delta-end': { type: 'string', metavar: 'SNAPSHOT', describe: 'of --send-delta: the snapshot that it gets' },
} satisfies OptionSpecs

/** Those that mean nothing without --raw; and those of both kinds, frames or not, without --one-way or --raw. */
export const rawOptionNames = ['interface', 'source-ip', 'source-mac', 'destination-ip', 'destination-mac']
export const oneWayOptionNames = Object.keys({ ...oneWaySendOptions, ...rawSendOptions }).filter(
  (name) => name !== 'one-way' && name !== 'raw' && !rawOptionNames.includes(name),
)

/** Of a receiver that never answers. */
export const oneWayReceiveOptions = {
  'one-way': {
    type: 'boolean',
    default: false,
    describe: 'send nothing, as behind a data diode: receive from zudp-send --one-way',
  },
  gaps: {
    choices: ['stop', 'zero'] as const,
    describe:
      'with --one-way, if packets are lost beyond repair: stop, the default, writes nothing from there on, zero writes zeros instead',
  },
  'repair-request': {
    type: 'string',
    metavar: 'FILE',
    describe: 'with --one-way: if anything is missing in the output, list it in this file, for zudp-send --only',
  },
  patch: {
    type: 'string',
    metavar: 'FILE',
    describe: 'with --one-way: receive from zudp-send --only what is missing in this file, and write it there',
  },
  raw: {
    type: 'boolean',
    default: false,
    describe: 'take packets for the port out of all frames that pass --interface (Linux, CAP_NET_RAW): one-way',
  },
  interface: { type: 'string', metavar: 'IF', describe: 'with --raw: the interface that is listened at' },
  seen: {
    type: 'string',
    metavar: 'FILE',
    describe: 'with --one-way: keep in this file when the last transfer began, and take none that is not newer',
  },
} satisfies OptionSpecs

/** What a sender does where its user has not said. */
export const oneWayDefaults = { repair: { data: 20, repair: 2 }, burst: 5, framesize: 1500 } as const

function parseCode(text: string): { data: number; repair: number } {
  const [, data = 0, repair = 0] = (/^(\d{1,3})\+(\d{1,3})$/.exec(text) ?? []).map(Number)
  if (data > 0 && repair > 0 && data + repair <= 256) return { data, repair }
  throw new Failure('usage', `'${text}' is no number of packets and of those for repair`, {
    hint: 'it looks like 20+2; both are 1 at least, and 256 together at most',
  })
}
