import { defineCommand, type InferredArguments, type OptionSpecs } from '../cli/command.ts'
import { givenDescriptor } from '../cli/given-descriptor.ts'
import { objectOptions, objectSettingsOf } from '../cli/object-options.ts'
import { ownerOfThisProgram } from '../cli/owner.ts'
import { connectionOf, storeOptions, storeUrlOf } from '../cli/store-options.ts'
import type { Terminal } from '../cli/terminal.ts'
import { bandwidthOf, bandwidthOption } from '../cli/timetable.ts'
import { formatBytes, parseSize } from '../cli/units.ts'
import { Failure } from '../errors.ts'
import type { Metadata, StoredObject } from '../store/store.ts'
import type { Check } from '../stream/checked-input.ts'
import type { Compression } from '../stream/compression.ts'
import type { Input } from '../stream/input.ts'
import type { Transfer } from '../stream/transfer.ts'
import type { StreamFacts } from '../zfs/send-stream/verdict.ts'

const positionals = {
  key: {
    describe:
      'a URL (file:///dir/key, s3://bucket/key, rclone:remote:path/key), or a key in the store that the settings name',
  },
}

const options = {
  format: {
    choices: ['auto', 'zfs', 'bytes'] as const,
    default: 'auto' as const,
    describe: 'auto: check a ZFS stream, pass all else; zfs: must be one, compressed perhaps; bytes: check nothing',
  },
  through: {
    type: 'string',
    array: true,
    metavar: 'COMMAND',
    default: [] as string[],
    describe:
      'store what this shell command makes of the stream, such as a compressor; several are one after the other',
  },
  metadata: {
    type: 'string',
    array: true,
    alias: 'meta',
    metavar: 'KEY=VALUE',
    default: [] as string[],
    describe: 'keep this with the object; may be repeated',
  },
  overwrite: { type: 'boolean', default: false, describe: 'replace an object that is there' },
  'allow-empty': { type: 'boolean', default: false, describe: 'store an empty stream too' },
  'expect-bytes': {
    type: 'string',
    metavar: 'SIZE',
    coerce: parseSize,
    describe: 'publish only if the stream has just this length',
  },
  'expect-sha256': {
    type: 'string',
    metavar: 'HEX',
    coerce: checkSha256,
    describe: 'publish only if the stream has this SHA-256',
  },
  'read-back': {
    type: 'boolean',
    default: true,
    describe: 'read every part back and compare it, in a store that computes no checksums itself',
  },
  'file-descriptor': {
    type: 'number',
    metavar: 'N',
    default: 0,
    coerce: givenDescriptor,
    describe: 'read the stream from this descriptor',
  },
  bwlimit: bandwidthOption,
  ...storeOptions,
  ...objectOptions,
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof positionals>

export const pput = defineCommand({
  name: 'pput',
  summary: 'store a stream under a key',
  synopsis: ['[options] key', '[options] key -- command [argument ...]'],
  positionals,
  options,
  examples: [
    ['zfs send tank/home@mon | pput file:///backup/tank/home@mon', 'store a snapshot'],
    [
      "zfs send tank/home@mon | pput --through 'zstd -T0' file:///backup/tank/home@mon",
      'compress it between the check and the store',
    ],
    ['pput file:///backup/etc.tar -- tar -C / -c etc', 'store what a program writes, only if it ends well'],
  ],
  stdin: (args) => (args.command.length === 0 && args['file-descriptor'] === 0 ? 'binary' : 'none'),
  stdout: 'text',
  fastPaths,
  async run(args, terminal) {
    const { streamMetadata, parseMetadata } = await import('../backup/metadata.ts')
    const { openStore } = await import('../store/open-store.ts')
    const { putStream, refuseExisting } = await import('../store/put-stream.ts')
    const { parseObjectUrl } = await import('../store/url.ts')
    const { checked } = await import('../stream/checked-input.ts')
    const { watchCompression } = await import('../stream/compression.ts')
    const { Transfer } = await import('../stream/transfer.ts')
    const { inspectStream } = await import('../zfs/send-stream/inspection.ts')

    const place = parseObjectUrl(args.key, storeUrlOf(args))
    const ownMetadata = parseMetadata(args.metadata)
    const s3 = { ...connectionOf(args, terminal), ...objectSettingsOf(args, place.scheme) }
    const store = await openStore(place, { owner: ownerOfThisProgram(), readBack: args['read-back'], s3 })

    // What a producer does cannot be undone: it is not started for nothing.
    if (args.command.length > 0 && !args.overwrite) await refuseExisting(store, place.key)
    const inspection = inspectStream(args.format, { signal: terminal.signal })
    const source = await openSource(args, terminal.signal)
    const stream = checked(source, [...(await checksOf(args, terminal.signal)), inspection])
    const compression = watchCompression()
    const body = checked(await throughCommands(stream, args.through, terminal.signal), [compression])

    const transfer = new Transfer(args.estimated)
    const progress = terminal.progress(transfer)
    try {
      const object = await putStream(store, place.key, body, {
        overwrite: args.overwrite,
        allowEmpty: args['allow-empty'],
        resume: args.resume,
        transfer,
        metadata: () => ({ ...streamMetadata(inspection.facts), ...compressor(compression.found), ...ownMetadata }),
      })
      tellReused(transfer, terminal)
      warnOfRest(inspection.facts, terminal)
      report(object, store.urlOf(place.key), args, terminal)
    } finally {
      progress.stop()
      await body.close()
    }
  },
})

async function fastPaths(): Promise<readonly string[]> {
  const { hasFastCrc64Nvme } = await import('../stream/crc64nvme.ts')
  const { canWidenPipes } = await import('../stream/pipe-size.ts')
  const { sharedFletcher4 } = await import('../zfs/send-stream/fletcher4.ts')
  return [
    `fletcher4: WebAssembly, ${sharedFletcher4().build}`,
    `crc64nvme: WebAssembly, ${hasFastCrc64Nvme() ? 'simd' : 'portable'}`,
    `pipes: ${canWidenPipes() ? 'widened to 1 MiB' : 'as they are'}`,
  ]
}

async function openSource(args: Arguments, signal: AbortSignal): Promise<Input> {
  if (args.command.length > 0) {
    if (args['file-descriptor'] !== 0) throw new Failure('usage', '--file-descriptor is not for what a command writes')
    const { startChild } = await import('../stream/child.ts')
    const { programInput } = await import('../stream/program-input.ts')
    const child = startChild(args.command, { stdin: 'inherit', stdout: 'pipe', stderr: 'inherit', signal })
    return programInput(child, 'data')
  }
  const { openInput } = await import('../stream/input.ts')
  return openInput(args['file-descriptor'], signal)
}

async function checksOf(args: Arguments, signal: AbortSignal): Promise<Check[]> {
  const { expectAnyBytes, expectBytes, expectDigest, pacedBy } = await import('../stream/checked-input.ts')
  const { createRateLimit } = await import('../stream/rate-limit.ts')
  // What --through makes of nothing is no longer empty.
  const checks: Check[] = args['allow-empty'] ? [] : [expectAnyBytes()]
  if (args.bwlimit !== undefined) checks.push(pacedBy(createRateLimit(bandwidthOf(args.bwlimit)), signal))
  if (args['expect-bytes'] !== undefined) checks.push(expectBytes(args['expect-bytes']))
  if (args['expect-sha256'] !== undefined) checks.push(await expectDigest('sha256', args['expect-sha256']))
  return checks
}

async function throughCommands(stream: Input, commandLines: readonly string[], signal: AbortSignal): Promise<Input> {
  const { shellCommand } = await import('../stream/child.ts')
  const { throughFilters } = await import('../stream/filter.ts')
  return throughFilters(stream, commandLines.map(shellCommand), { onBadEnd: 'unavailable', signal })
}

function tellReused({ reusedBytes, doneBytes }: Transfer, terminal: Terminal): void {
  if (reusedBytes === 0 || terminal.quiet) return
  const [reused, sent] = [formatBytes(reusedBytes), formatBytes(doneBytes - reusedBytes)]
  terminal.say(`resumed: ${reused} were in the store already, ${sent} were sent`)
}

/** It is whole, and no backup. */
function warnOfRest(facts: StreamFacts | undefined, terminal: Terminal): void {
  if (!facts?.first.features.includes('resuming')) return
  const rest = 'is the rest of one (zfs send -t)'
  terminal.say(`the stream of ${facts.first.name} ${rest}: where its beginning was not received it is of no use`)
}

/** As z3's pput: a line of JSON unless quiet. A whole URL is no call of z3's: then only --json brings it. */
function report(object: StoredObject, url: string, args: Arguments, terminal: Terminal): void {
  const { etag, size, checksums, metadata } = object
  if (terminal.json) terminal.event({ status: 'success', etag, url, size, checksums, metadata })
  else if (!/^rclone:|:\/\//i.test(args.key) && !terminal.quiet)
    terminal.print(JSON.stringify({ status: 'success', etag }))
}

function compressor(compression: Compression | undefined): Metadata {
  return compression === undefined ? {} : { compressor: compression.name }
}

function checkSha256(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  throw new Failure('usage', `${text}: a SHA-256 is 64 hexadecimal digits`)
}
