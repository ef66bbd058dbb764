import type { ChunkSource } from '../../chunks/chunk-source.ts'
import type { ManifestFile } from '../../chunks/manifest-file.ts'
import type { ChunkWatch } from '../../chunks/watch-chunks.ts'
import type { WatchOptions } from '../../chunks/watch-options.ts'
import { notifySystemd } from '../../cli/notify-systemd.ts'
import { ownerOfThisProgram, userOfThisProgram } from '../../cli/owner.ts'
import { ownPid, PausedProcesses } from '../../cli/paused-processes.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { formatBytes } from '../../cli/units.ts'
import { Failure } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import { startCutting } from './cutting.ts'
import { keyIn, openDestination, unending } from './destination.ts'
import { type MetricsState, startMetrics } from './metrics.ts'
import type { Arguments } from './options.ts'
import { pacing } from './pacing.ts'
import { progressOf } from './progress.ts'
import { streamOpinions } from './stream-opinions.ts'

// A manifest grows by a line for each chunk, and a store may keep every version of it.
const copyEveryMs = 30_000

/** Ships what the source has, until what was asked for is reached. */
export async function ship(args: Arguments, destination: string, manifest: ManifestFile, terminal: Terminal) {
  const { ChunkWatch } = await import('../../chunks/watch-chunks.ts')
  const { ManifestCopy } = await import('../../chunks/manifest-copy.ts')
  const { manifestName } = await import('../../chunks/manifest-file.ts')
  if (args.split !== undefined && manifest.end !== undefined) throw hasEnded(args)
  const { createDigest } = await import('../../stream/digest.ts')
  const store = await openDestination(args, destination, terminal)
  // Loaded while there is a descriptor left for it: chunks may take them all.
  if (store.checksum !== undefined) await createDigest(store.checksum)
  const key = keyIn(args, manifestName)
  // One that is not there now is a slip of the pen, and nothing is begun for it; one that goes later is waited for.
  await (await store.create(key, { metadata: {}, overwrite: true })).abandon()
  const copy = new ManifestCopy(store, manifest, {
    key,
    everyMs: copyEveryMs,
    onTrouble: (error) => {
      const isForeign = error instanceof Failure && error.kind === 'exists'
      if (isForeign || terminal.verbose) terminal.say(`${store.urlOf(key)}: ${(error as Error).message}`)
    },
  })
  await copy.refuseForeign()
  const cut = args.split === undefined ? undefined : await startCutting(args, terminal, () => watch.tally)
  const source = cut?.source ?? (await openSource(args, terminal))
  const options = {
    ...(await watchOptions(args, store, terminal, () => copy.touch())),
    cut: cut?.chunks,
  }
  const watch: ChunkWatch = new ChunkWatch(source, store, manifest, options)
  const metrics = await metricsOf(args, store.urlOf(keyIn(args, '')), terminal, () => ({
    tally: watch.tally,
    isWhole: manifest.end !== undefined,
  }))
  const progress = terminal.progress(progressOf(watch.tally))
  try {
    cut?.start()
    tellSystemd(terminal)
    // What kept the cutter from going on says more than that the stream is not whole.
    await watch.run().catch((error: unknown) => Promise.reject(cut?.error() ?? error))
  } finally {
    progress.stop()
    await cut?.stop()
    await metrics?.stop()
    await copy.finish()
  }
  if (cut?.error() !== undefined) throw cut.error()
  if (manifest.end !== undefined) terminal.event({ event: 'end', ...manifest.end })
}

async function watchOptions(args: Arguments, store: Store, terminal: Terminal, onRecord: () => void) {
  const { StreamCheck } = await import('../../chunks/stream-check.ts')
  const { samePlaceGuard } = await import('../../chunks/same-place.ts')
  const { watchDiskSpace } = await import('../../chunks/disk-space.ts')
  const { md5Line } = await import('../../chunks/manifest.ts')
  const keyOf = (name: string) => keyIn(args, name)
  const isCut = args.split !== undefined
  const mustEnd = args['until-end'] || isCut
  const admit = samePlaceGuard(store, keyOf, ownerOfThisProgram())
  for (const folder of new Set([args.source, args.state ?? args.source])) if (folder !== '-') await admit(folder)
  const options: WatchOptions = {
    jobs: args.jobs,
    settleMs: args.settle,
    retries: args.retries ?? Number.POSITIVE_INFINITY,
    memoryBytes: args.memory,
    until: args.once ? 'once' : mustEnd ? 'end' : 'stopped',
    count: args.count,
    streamCheck: new StreamCheck(store, { begin: await streamOpinions(), mayFetch: mustEnd, keyOf }),
    checks: await pacing(args.bwlimit, unending),
    keyOf,
    admit,
    viewer: userOfThisProgram(),
    writerPause: args['pause-writer'] ? await pauseOf(args, terminal) : undefined,
    signal: terminal.signal,
    onProven: (chunk) => {
      onRecord()
      if (terminal.json) terminal.event({ event: 'proven', ...chunk })
      else if (!terminal.quiet) terminal.print(md5Line(chunk))
    },
    lookAtDisk: watchDiskSpace(args.source === '-' ? '.' : args.source, ({ usedBytes, freeBytes }) => {
      terminal.say(
        `${args.source}: ${formatBytes(freeBytes)} are free, ${formatBytes(usedBytes)} used: the disk is nearly full`,
      )
      terminal.event({ event: 'low-space', freeBytes, usedBytes })
    }),
    onTrouble: (message, hint) => {
      terminal.event({ event: 'trouble', message, hint })
      terminal.say(message)
      if (hint !== undefined) terminal.hint(hint)
    },
  }
  return options
}

async function metricsOf(args: Arguments, destination: string, terminal: Terminal, state: MetricsState) {
  if (args.metrics === undefined) return undefined
  const labels = { source: args.source, destination }
  return startMetrics(args.metrics, state, labels, (error) => terminal.say((error as Error).message))
}

async function pauseOf(args: Arguments, terminal: Terminal) {
  const { realpath } = await import('node:fs/promises')
  const { WriterPause } = await import('../../chunks/pause-writers.ts')
  return new WriterPause({
    maxBacklogBytes: args['max-backlog'] ?? Number.POSITIVE_INFINITY,
    folder: await realpath(args.source),
    pauses: new PausedProcesses(),
    ownPid,
    signal: terminal.signal,
    tell: (message) => {
      terminal.event({ event: 'writers', message })
      terminal.say(message)
    },
  })
}

async function openSource(args: Arguments, terminal: Terminal): Promise<ChunkSource> {
  if (args.source !== '-') {
    const { watchFolder } = await import('../../chunks/folder-source.ts')
    return watchFolder(args.source)
  }
  const { takeNames } = await import('../../chunks/name-source.ts')
  const { linesOf } = await import('../../stream/lines.ts')
  const { availablePieces } = await import('../../stream/available-pieces.ts')
  const lines = linesOf(availablePieces(0, terminal.signal), args.null ? '\0' : '\n')
  return takeNames(lines, terminal.say)
}

function tellSystemd({ signal, say }: Terminal): void {
  if (!notifySystemd('READY=1')) say('systemd cannot be told that we are ready')
  signal.addEventListener('abort', () => notifySystemd('STOPPING=1'), { once: true })
}

function hasEnded({ source, state }: Arguments): Failure {
  const message = `${state ?? source}: its manifest has the END of a stream already`
  return new Failure('exists', message, { hint: '--stream NAME keeps another stream apart' })
}
