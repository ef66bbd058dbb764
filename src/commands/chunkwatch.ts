import { userInfo } from 'node:os'
import type { ChunkSource } from '../chunks/chunk-source.ts'
import type { ManifestFile } from '../chunks/manifest-file.ts'
import type { ChunkWatch } from '../chunks/watch-chunks.ts'
import type { WatchTally } from '../chunks/watch-tally.ts'
import { defineCommand } from '../cli/command.ts'
import { ownerOfThisProgram } from '../cli/owner.ts'
import { runtimeFolder } from '../cli/runtime-folder.ts'
import type { Terminal } from '../cli/terminal.ts'
import { bandwidthOf } from '../cli/timetable.ts'
import { formatBytes, formatDuration } from '../cli/units.ts'
import { Failure } from '../errors.ts'
import type { Store } from '../store/store.ts'
import type { Check } from '../stream/checked-input.ts'
import { startCutting } from './chunkwatch/cutting.ts'
import { keyIn, openDestination } from './chunkwatch/destination.ts'
import { join } from './chunkwatch/join.ts'
import { type Arguments, options, positionals } from './chunkwatch/options.ts'
import { streamOpinions } from './chunkwatch/stream-opinions.ts'

export const chunkwatch = defineCommand({
  name: 'chunkwatch',
  summary: 'ship chunk files as they complete',
  synopsis: [
    '[options] source destination',
    '--split=SIZE [options] source destination',
    '--join [options] destination',
  ],
  positionals,
  options,
  examples: [
    ['chunkwatch chunks s3://bucket/snap', 'ship what split writes into chunks, until stopped'],
    ['zfs send tank/home@mon | chunkwatch --split 64M chunks file:///backup/snap', 'cut a stream and ship its chunks'],
    ['chunkwatch --join file:///backup/snap | zfs receive tank/restored', 'bring the stream back'],
  ],
  stdin: (args) => (args.split === undefined ? 'none' : 'binary'),
  stdout: (args) => (args.join ? 'binary' : 'text'),
  async run(args, terminal) {
    if (args.join) return join(args, terminal)
    const { destination } = args
    if (destination === undefined) throw new Failure('usage', 'there is no destination')
    if (args.split === 0) throw new Failure('usage', '--split 0: no stream can be cut into nothing')
    if (args.source === '-' && args.split !== undefined)
      throw new Failure('usage', '--split needs a directory, and the source is -')
    const { realpath, mkdir } = await import('node:fs/promises')
    const { withLock } = await import('../stream/lock.ts')
    const state = [
      args.state ?? (args.source === '-' ? '.' : args.source),
      ...(args.stream === undefined ? [] : [`.${args.stream}`]),
    ].join('/')
    await mkdir(state, { recursive: args.stream !== undefined || args.state !== undefined }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      },
    )
    const watched = await realpath(args.source === '-' ? state : args.source)
    await withLock(watched, { folder: runtimeFolder(), owner: ownerOfThisProgram() }, async () => {
      const { ManifestFile } = await import('../chunks/manifest-file.ts')
      const manifest = await ManifestFile.open(state)
      try {
        await watchAndShip(args, destination, manifest, terminal)
      } finally {
        await manifest.close()
      }
    })
  },
})

async function watchAndShip(args: Arguments, destination: string, manifest: ManifestFile, terminal: Terminal) {
  const { ChunkWatch } = await import('../chunks/watch-chunks.ts')
  const { StreamCheck } = await import('../chunks/stream-check.ts')
  const { manifestName } = await import('../chunks/manifest-file.ts')
  const { md5Line } = await import('../chunks/manifest.ts')
  const store = await openDestination(args, destination, terminal)
  // One that is not there now is a slip of the pen, and nothing is begun for it; one that goes later is waited for.
  await (await store.create(keyIn(args, manifestName), { metadata: {}, overwrite: true })).abandon()
  const begin = await streamOpinions()
  const cut = args.split === undefined ? undefined : await startCutting(args, terminal, () => watch.tally)
  const source = cut?.source ?? (await openSource(args, terminal))
  const checks = await checksOf(args, terminal)
  const watch: ChunkWatch = new ChunkWatch(source, store, manifest, {
    jobs: args.jobs,
    settleMs: args.settle,
    retries: args.retries ?? Number.POSITIVE_INFINITY,
    memoryBytes: args.memory,
    until: args.once ? 'once' : args['until-end'] || cut !== undefined ? 'end' : 'stopped',
    count: args.count,
    endsWithSource: cut !== undefined,
    streamCheck: new StreamCheck(store, {
      begin,
      mayFetch: args['until-end'] || cut !== undefined,
      keyOf: (name) => keyIn(args, name),
    }),
    checks,
    keyOf: (name) => keyIn(args, name),
    groupId: userInfo().gid,
    signal: terminal.signal,
    onProven: (chunk) => {
      if (terminal.json) terminal.event({ event: 'proven', ...chunk })
      else if (!terminal.quiet) terminal.print(md5Line(chunk))
    },
    onTrouble: (message, hint) => {
      terminal.say(message)
      if (hint !== undefined) terminal.hint(hint)
    },
  })
  const progress = terminal.progress(progressOf(watch.tally))
  try {
    cut?.start()
    await watch.run()
  } finally {
    progress.stop()
    await cut?.stop()
    if (manifest.chunks.size > 0) await storeManifest(store, keyIn(args, manifestName), manifest)
  }
  if (cut?.error() !== undefined) throw cut.error()
  if (manifest.end !== undefined) terminal.event({ event: 'end', ...manifest.end })
}

function progressOf(tally: WatchTally) {
  return {
    get doneBytes() {
      return tally.doneBytes
    },
    notes() {
      const { waiting, settling, shipping, done, backlogBytes, oldestMs } = tally
      const counts = [`${done} done`, `${shipping} in flight`, `${settling} settling`, `${waiting} waiting`]
      return [
        ...counts,
        `${formatBytes(backlogBytes)} here`,
        ...(backlogBytes > 0 ? [`oldest ${formatDuration(oldestMs)}`] : []),
      ]
    },
  }
}

async function openSource(args: Arguments, terminal: Terminal): Promise<ChunkSource> {
  if (args.source !== '-') {
    const { watchFolder } = await import('../chunks/folder-source.ts')
    return watchFolder(args.source)
  }
  const { takeNames } = await import('../chunks/name-source.ts')
  const { linesOf } = await import('../stream/lines.ts')
  const { availablePieces } = await import('../stream/available-pieces.ts')
  const lines = linesOf(availablePieces(0, terminal.signal), args.null ? '\0' : '\n')
  return takeNames(lines, (path) => terminal.say(`${path}: is no file`))
}

async function checksOf(args: Arguments, terminal: Terminal): Promise<() => readonly Check[]> {
  if (args.bwlimit === undefined) return () => []
  const { pacedBy } = await import('../stream/checked-input.ts')
  const { createRateLimit } = await import('../stream/rate-limit.ts')
  const paced = pacedBy(createRateLimit(bandwidthOf(args.bwlimit)), terminal.signal)
  return () => [paced]
}

async function storeManifest(store: Store, key: string, manifest: ManifestFile): Promise<void> {
  const { putStream } = await import('../store/put-stream.ts')
  const { iteratedInput } = await import('../stream/iterated-input.ts')
  const pieces = (async function* () {
    yield Buffer.from(manifest.text)
  })()
  await putStream(store, key, iteratedInput(pieces), {
    overwrite: true,
    allowEmpty: false,
    metadata: () => ({}),
  })
}
