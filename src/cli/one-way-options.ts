import { Failure } from '../errors.ts'
import type { OptionSpecs } from './command.ts'
import { parseDuration, parseFromOne } from './units.ts'

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
    default: '20+2',
    coerce: parseCode,
    describe: 'with --one-way: to each N packets M more, so that any N of them give back the others',
  },
  burst: {
    type: 'string',
    metavar: 'DURATION',
    default: '5ms',
    coerce: parseDuration,
    describe: 'with --one-way: what is lost in a row for this long can be repaired',
  },
  framesize: {
    type: 'string',
    metavar: 'BYTES',
    default: '1500',
    coerce: parseFromOne,
    describe: 'with --one-way: length of an Ethernet frame with its header; 9000 where all on the way take it',
  },
  only: {
    type: 'string',
    metavar: 'FILE',
    describe: 'with --one-way: send only what this file, of zudp-recv --repair-request, lists; stdin is the whole file',
  },
} satisfies OptionSpecs

/** Of a receiver that never answers. */
export const oneWayReceiveOptions = {
  'one-way': {
    type: 'boolean',
    default: false,
    describe: 'send nothing, as behind a data diode: receive from zudp-send --one-way',
  },
  gaps: {
    choices: ['stop', 'zero'] as const,
    default: 'stop' as const,
    describe:
      'with --one-way, if packets are lost beyond repair: stop writes nothing from there on, zero writes zeros instead',
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
  seen: {
    type: 'string',
    metavar: 'FILE',
    describe: 'with --one-way: keep in this file when the last transfer began, and take none that is not newer',
  },
} satisfies OptionSpecs

/** Options that mean nothing without --one-way are not silently ignored. */
export function expectOneWay(args: { readonly 'one-way': boolean; readonly [name: string]: unknown }, names: string[]) {
  const given = names.find((name) => args[name] !== undefined)
  if (given !== undefined && !args['one-way']) throw new Failure('usage', `--${given} is for --one-way`)
}

function parseCode(text: string): { data: number; repair: number } {
  const [, data = 0, repair = 0] = (/^(\d{1,3})\+(\d{1,3})$/.exec(text) ?? []).map(Number)
  if (data > 0 && repair > 0 && data + repair <= 256) return { data, repair }
  throw new Failure('usage', `'${text}' is no number of packets and of those for repair`, {
    hint: 'it looks like 20+2; both are 1 at least, and 256 together at most',
  })
}
