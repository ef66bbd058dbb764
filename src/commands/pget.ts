import { defineCommand, type InferredArguments, type OptionSpecs } from '../cli/command.ts'
import { ownerOfThisProgram } from '../cli/owner.ts'
import { connectionOf, storeOptions, storeUrlOf } from '../cli/store-options.ts'
import type { Terminal } from '../cli/terminal.ts'
import { bandwidthOf, bandwidthOption } from '../cli/timetable.ts'
import { parseSize } from '../cli/units.ts'
import { Failure } from '../errors.ts'
import type { OpenObject } from '../store/store.ts'
import type { Check } from '../stream/checked-input.ts'
import type { Output } from '../stream/output.ts'

const positionals = {
  key: {
    describe:
      'a URL (file:///dir/key, s3://bucket/key, rclone:remote:path/key), or a key in the store that the settings name',
  },
}

const options = {
  output: {
    type: 'string',
    alias: 'o',
    metavar: 'FILE',
    describe: 'write to this file, which appears when it is whole',
  },
  through: {
    type: 'string',
    array: true,
    metavar: 'COMMAND',
    default: [] as string[],
    conflicts: 'decompress',
    describe:
      'write what this shell command makes of the object, such as a decompressor; several are one after the other',
  },
  decompress: { type: 'boolean', default: false, describe: 'undo the compression that is recorded with the object' },
  format: {
    choices: ['auto', 'zfs', 'bytes'] as const,
    default: 'auto' as const,
    describe:
      'auto: check a ZFS stream that has no checksum recorded; zfs: check that it is one, compressed perhaps; bytes: the recorded checksum alone',
  },
  offset: { type: 'string', metavar: 'SIZE', coerce: parseSize, describe: 'begin at this byte of the object' },
  length: { type: 'string', metavar: 'SIZE', coerce: parseSize, describe: 'write no more than so many bytes' },
  verify: {
    type: 'boolean',
    default: true,
    describe: 'compare the whole object with its recorded checksum before its last bytes are written',
  },
  'sign-request': {
    type: 'boolean',
    default: true,
    group: 'S3',
    describe: 'sign requests; --no-sign-request reads what everybody may',
  },
  'wait-restore': {
    type: 'boolean',
    default: false,
    group: 'S3',
    describe: 'ask for an archived object (Glacier) and wait for it, which may take hours',
  },
  chunks: {
    type: 'boolean',
    default: false,
    conflicts: ['through', 'decompress', 'format', 'offset', 'length', 'verify'],
    describe: 'write the chunks below this key, as chunkwatch stored them, as one stream',
  },
  from: { type: 'string', metavar: 'CHUNK', describe: 'let --chunks begin with this chunk' },
  bwlimit: bandwidthOption,
  ...storeOptions,
} satisfies OptionSpecs

// The cheapest speed that every archive class has; the copy stays long enough for a second try.
const restoreWish = { days: 3, tier: 'Standard' as const }

type Arguments = InferredArguments<typeof options, typeof positionals>

export const pget = defineCommand({
  name: 'pget',
  summary: 'write a stored stream to stdout',
  synopsis: ['[options] key'],
  positionals,
  options,
  examples: [
    ['pget file:///backup/tank/home@mon | zfs receive tank/restored', 'restore a snapshot'],
    ['pget --decompress file:///backup/tank/home@mon | zfs receive tank/restored', 'the same of a compressed one'],
    ['pget --chunks file:///backup/snap | zfs receive tank/restored', 'join what chunkwatch stored'],
    ['pget -o etc.tar file:///backup/etc.tar', 'write a file that is there whole or not at all'],
  ],
  stdin: 'none',
  stdout: (args) => (args.output === undefined || args.output === '-' ? 'binary' : 'text'),
  async run(args, terminal) {
    if (args.chunks) return joinChunks(args, terminal)
    if (args.from !== undefined) throw new Failure('usage', '--from needs --chunks')
    if (args.format === 'zfs' && !args.verify)
      throw new Failure('usage', '--format=zfs checks, and --no-verify does not')
    const { openStore } = await import('../store/open-store.ts')
    const { getStream } = await import('../store/get-stream.ts')
    const { parseObjectUrl } = await import('../store/url.ts')
    const { copy } = await import('../stream/copy.ts')
    const { Transfer } = await import('../stream/transfer.ts')

    const place = parseObjectUrl(args.key, storeUrlOf(args))
    const s3 = {
      ...connectionOf(args, terminal),
      noSignRequest: !args['sign-request'],
      restore: args['wait-restore'] ? restoreWish : undefined,
    }
    const store = await openStore(place, { owner: ownerOfThisProgram(), readBack: false, s3 })
    const object = await store.open(place.key)
    const range = rangeOf(args, object)
    const checks = await checksOf(args, object, terminal.signal)
    const bytes = getStream(store, object, { range, verify: args.verify, checks })

    const filters = await filtersOf(args, object)
    const transfer = new Transfer(filters.length === 0 ? range.bytes : undefined)
    const progress = terminal.progress(transfer)
    try {
      const pieces = filters.length === 0 ? bytes : await filtered(bytes, filters, terminal.signal)
      await writeTo(args.output, terminal.signal, (output) => copy(pieces, output, transfer))
    } finally {
      progress.stop()
      await object.close()
    }
  },
})

async function joinChunks(args: Arguments, terminal: Terminal): Promise<void> {
  const { joinTo } = await import('./chunkwatch/join.ts')
  const { urlBelow } = await import('../store/url.ts')
  const url = urlBelow(args.key, storeUrlOf(args))
  await writeTo(args.output, terminal.signal, (output) => joinTo(output, url, args, terminal))
}

function rangeOf({ offset = 0, length }: Arguments, { size }: OpenObject) {
  if (offset > size) throw new Failure('usage', `--offset ${offset}: the object has ${size} bytes`)
  return { offset, bytes: Math.min(length ?? size, size - offset) }
}

async function checksOf(args: Arguments, object: OpenObject, signal: AbortSignal): Promise<Check[]> {
  const checks: Check[] = []
  if (args.bwlimit !== undefined) {
    const { pacedBy } = await import('../stream/checked-input.ts')
    const { createRateLimit } = await import('../stream/rate-limit.ts')
    checks.push(pacedBy(createRateLimit(bandwidthOf(args.bwlimit)), signal))
  }
  const hasChecksum = args.verify && (await object.verifier()) !== undefined
  if (!args.verify || (hasChecksum && args.format !== 'zfs')) return checks
  const { inspectStream } = await import('../zfs/send-stream/inspection.ts')
  const nothingToCompare = new Failure(
    'data',
    `${args.key}: no checksum is recorded and it is no ZFS stream: nothing proves it whole`,
    {
      hint: '--no-verify writes it all the same',
    },
  )
  if (args.format === 'bytes') throw nothingToCompare
  return [...checks, inspectStream('zfs', { signal, notZfs: hasChecksum ? undefined : nothingToCompare })]
}

type Programs = readonly (readonly string[])[]

async function filtersOf(args: Arguments, { metadata }: OpenObject): Promise<Programs> {
  if (args.through.length > 0) {
    const { shellCommand } = await import('../stream/child.ts')
    return args.through.map(shellCommand)
  }
  const { compressor } = metadata
  if (!args.decompress || compressor === undefined || compressor === 'none') return []
  const { compressionNamed } = await import('../stream/compression.ts')
  return [compressionNamed(compressor).decompress]
}

async function filtered(bytes: AsyncIterable<Uint8Array>, filters: Programs, signal: AbortSignal) {
  const { piecesOf } = await import('../stream/copy.ts')
  const { throughFilters } = await import('../stream/filter.ts')
  const { iteratedInput } = await import('../stream/iterated-input.ts')
  return piecesOf(throughFilters(iteratedInput(bytes), filters, { onBadEnd: 'data', signal }))
}

async function writeTo(file: string | undefined, signal: AbortSignal, write: (output: Output) => Promise<void>) {
  if (file === undefined || file === '-') {
    const { openOutput } = await import('../stream/output.ts')
    return write(openOutput(1, signal))
  }
  const { createAtomicFile } = await import('../stream/atomic-file.ts')
  const output = await createAtomicFile(file, ownerOfThisProgram(), signal)
  try {
    await write(output)
    await output.commit()
  } catch (error) {
    await output.abandon()
    throw error
  }
}
