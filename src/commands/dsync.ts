import { availableParallelism, homedir } from 'node:os'
import { resolve } from 'node:path'
import { defineCommand, type InferredArguments, type OptionSpecs } from '../cli/command.ts'
import { ownerOfThisProgram } from '../cli/owner.ts'
import type { Terminal } from '../cli/terminal.ts'
import { formatBytes, formatRate, parseCount, parseFromOne, parseRate } from '../cli/units.ts'
import type { Copier } from '../copy/copier.ts'
import type { CopyTreeOptions } from '../copy/copy-tree.ts'
import type { Host } from '../copy/host.ts'
import type { Place } from '../copy/place.ts'
import type { Tally } from '../copy/tally.ts'
import { Failure } from '../errors.ts'

const positionals = {
  place: { describe: 'the source and the destination; before them, - for a list of names on stdin', many: true },
} as const

const options = {
  number: {
    type: 'string',
    alias: 'n',
    metavar: 'N',
    coerce: parseFromOne,
    defaultDescription: 'one for each processor',
    describe: 'copies at the same time, at most',
  },
  null: { type: 'boolean', alias: '0', describe: 'the names on stdin have a NUL behind them, not a newline' },
  exclude: {
    type: 'string',
    array: true,
    metavar: 'PATTERN',
    default: ['.zfs', '.snapshot*'],
    describe: 'leave out what has such a name, with all below it; may be repeated, and replaces .zfs and .snapshot*',
  },
  'no-fpart': { type: 'boolean', describe: 'do not look into folders: deal the names at the top alone' },
  'dry-run': { type: 'boolean', default: false, describe: 'copy nothing, tell what would be copied' },
  print: { type: 'boolean', describe: 'copy nothing, write a command for each part to stdout' },
  verify: { choices: ['size', 'checksum'] as const, describe: 'compare all files when they are copied' },
  delete: { type: 'boolean', default: false, describe: 'at last, delete at the destination what the source has not' },
  'max-delete': {
    type: 'string',
    metavar: 'N',
    coerce: (text: string) => parseCount(text),
    implies: 'delete',
    describe: 'delete nothing if it would be more than so many names',
  },
  reuse: { type: 'boolean', default: false, describe: 'go on with what a run that was killed has left' },
  retries: {
    type: 'string',
    metavar: 'N',
    default: '3',
    coerce: (text: string) => parseCount(text),
    describe: 'try a failed part again so often',
  },
  bwlimit: { type: 'string', metavar: 'RATE', coerce: parseRate, describe: 'copy no more bytes a second, over all' },
  'rsync-flags': { type: 'string', metavar: 'FLAGS', default: '-aAX', describe: 'what rsync keeps of each file' },
  cloud: { type: 'boolean', default: false, describe: 'the destination is a remote of rclone: remote:bucket/path' },
  'rclone-config': { type: 'string', metavar: 'FILE', describe: "rclone's configuration" },
  'source-hosts': {
    type: 'string',
    alias: 'hosts',
    metavar: 'FILE',
    describe: 'let the hosts named in this file copy, over ssh; they have both folders under the same names',
  },
  'destination-hosts': {
    type: 'string',
    metavar: 'FILE',
    describe: 'copy to the hosts named in this file in turn; they share the destination',
  },
  ssh: { type: 'string', metavar: 'COMMAND', default: 'ssh -o BatchMode=yes', describe: 'how a host is reached' },
  'working-dir': {
    type: 'string',
    metavar: 'DIR',
    default: '~/dsync_working',
    describe: 'where lists and the books of a run are kept',
  },
  'log-output': {
    type: 'string',
    metavar: 'DIR',
    describe: 'keep what the copying programs say in files there, one for each part',
  },
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof options, typeof positionals>

export const dsync = defineCommand({
  name: 'dsync',
  summary: 'copy a file tree by many rsync or rclone at once',
  synopsis: ['[options] source destination', '[options] - source destination'],
  positionals,
  options,
  examples: [
    ['dsync -n 8 /src/ /dst/', 'copy what is in a folder'],
    ['find /src -newer /stamp -print0 | dsync -0 -n 8 - /src/ /dst/', 'copy what a list names'],
    ['dsync -n 8 --verify checksum /src/ host:/dst/', 'copy to another host, and compare every byte'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const { copyTree } = await import('../copy/copy-tree.ts')
    const { thisHost } = await import('../copy/host.ts')
    const { verifyTree } = await import('../copy/verify-tree.ts')

    const run = await prepareRun(args, terminal)
    if (args.print) {
      await print(args, run, terminal)
      return
    }
    const { tally } = run
    const startedMs = performance.now()
    const progress = terminal.progress(tally)
    try {
      await copyTree(run)
      if (args.delete && tally.isComplete) {
        const limits = { dryRun: args['dry-run'], most: args['max-delete'] }
        const host = run.hosts.find(({ isLost }) => !isLost) ?? thisHost()
        tally.deleted = await run.copier.removeExtra(host, limits, terminal.signal)
      }
    } finally {
      progress.stop()
    }
    report(tally, performance.now() - startedMs, args, terminal)
    if (!tally.isComplete) throw incomplete(tally)
    if (args.verify !== undefined && !args['dry-run']) judge(await verifyTree(run, args.verify), terminal)
    run.folder.remove(run.owner)
  },
})

async function prepareRun(args: Arguments, terminal: Terminal): Promise<CopyTreeOptions> {
  const { parsePlace } = await import('../copy/place.ts')
  const { RunFolder } = await import('../copy/run-folder.ts')
  const { Tally } = await import('../copy/tally.ts')

  const [sourceName, destinationName] = placesOf(args)
  const [source, destination] = [parsePlace(sourceName, false), parsePlace(destinationName, args.cloud)]
  const { refuseNested } = await import('../copy/nested.ts')
  await refuseNested(source, destination, args.delete)
  refuseSlashes(args.exclude)
  const hosts = await hostsOf(args)
  return {
    copier: await copierOf(args, source, destination, hosts.length),
    folder: new RunFolder(workingFolder(args), identityOf(args, source, destination)),
    owner: ownerOfThisProgram(),
    hosts,
    entries: await entriesOf(args, source, terminal.signal),
    isDeep: args['no-fpart'] === true,
    reuse: args.reuse,
    retries: args.retries,
    signal: terminal.signal,
    say: (message) => terminal.say(message),
    sourcePath: source.kind === 'local' ? source.path : undefined,
    onPart: (outcome) => terminal.event({ event: 'part', ...outcome }),
    log: await partLog(args['log-output']),
    tally: new Tally(),
  }
}

/** What decides which names are copied, and to where: a run goes on with the books of no other. */
function identityOf(args: Arguments, source: Place, destination: Place): readonly string[] {
  const { place, cloud, exclude } = args
  const choices = [args['no-fpart'], args['dry-run'], cloud, readsNames(place), args['rsync-flags']]
  const files = [args['rclone-config'], args['destination-hosts']]
  return [JSON.stringify([source, destination, choices, files, exclude])]
}

function workingFolder(args: Arguments): string {
  return resolve(args['working-dir'].replace(/^~(?=\/|$)/, homedir()))
}

function refuseSlashes(patterns: readonly string[]): void {
  const wrong = patterns.find((pattern) => pattern.includes('/') || pattern === '')
  if (wrong !== undefined)
    throw new Failure('usage', `--exclude '${wrong}': a pattern is for one name, without a slash`)
}

/** The source and the destination; before them may stand the dash. */
function placesOf({ place }: Arguments): readonly [string, string] {
  const [source, destination, extra] = readsNames(place) ? place.slice(1) : place
  if (source === undefined || destination === undefined || extra !== undefined) {
    throw new Failure('usage', `a source and a destination are needed, and ${place.length} names are given`)
  }
  return [source, destination]
}

function readsNames(places: readonly string[]): boolean {
  return places[0] === '-'
}

async function hostsOf(args: Arguments): Promise<readonly Host[]> {
  const { parseHosts, spreadWorkers } = await import('../copy/host.ts')
  const { readFile } = await import('node:fs/promises')
  const read = async (file: string | undefined) => (file === undefined ? [] : parseHosts(await readFile(file, 'utf8')))
  const copiers = await read(args['source-hosts'])
  const targets = await read(args['destination-hosts'])
  return spreadWorkers(args.number ?? availableParallelism(), copiers, targets)
}

async function copierOf(args: Arguments, source: Place, destination: Place, workers: number): Promise<Copier> {
  const { rsyncPlace } = await import('../copy/place.ts')
  const bytesPerSecond = args.bwlimit === undefined ? undefined : args.bwlimit / workers
  const ssh = args.ssh.split(' ').filter(Boolean)
  const shared = { exclude: args.exclude, dryRun: args['dry-run'], bytesPerSecond, ssh }
  if (args.cloud || destination.kind === 'cloud') {
    const { Rclone } = await import('../copy/rclone.ts')
    if (args['no-fpart']) throw new Failure('usage', '--no-fpart needs rsync: rclone takes no folders from a list')
    if (source.kind !== 'local') throw new Failure('usage', 'rclone copies from a local folder: give a path')
    const target = destination.kind === 'cloud' ? destination.url : rsyncPlace(destination)
    return new Rclone({ ...shared, source: rsyncPlace(source), destination: target, configFile: args['rclone-config'] })
  }
  const { Rsync } = await import('../copy/rsync.ts')
  if (source.kind === 'remote' && destination.kind === 'remote' && args['source-hosts'] === undefined)
    throw new Failure('usage', 'rsync copies from or to this machine: give --source-hosts, or run it there')
  return new Rsync({
    ...shared,
    source: rsyncPlace(source),
    destination: rsyncPlace(destination),
    flags: args['rsync-flags'].split(' ').filter(Boolean),
    isDeep: args['no-fpart'] === true,
  })
}

async function entriesOf(args: Arguments, source: Place, signal: AbortSignal): Promise<CopyTreeOptions['entries']> {
  if (source.kind === 'cloud') throw new Failure('usage', `${source.url}: the source is a folder, here or on a host`)
  if (readsNames(args.place)) {
    const { piecesOf } = await import('../stream/copy.ts')
    const { listedEntries, namesIn } = await import('../copy/listed-entries.ts')
    const { openInput } = await import('../stream/input.ts')
    if (source.kind !== 'local') throw new Failure('usage', 'a list of names needs a source on this machine')
    const names = async function* () {
      yield* namesIn(piecesOf(await openInput(0, signal)), args.null ? '\0' : '\n')
    }
    return (onUnreadable) => listedEntries(source.path, placesOf(args)[0], names(), onUnreadable)
  }
  const { bytePath } = await import('../copy/entry.ts')
  const { excluder } = await import('../copy/exclude.ts')
  const { topEntries, walk } = await import('../copy/walk.ts')
  const { remoteEntries } = await import('../copy/remote-entries.ts')
  if (source.kind === 'remote') {
    const reach = [...args.ssh.split(' ').filter(Boolean), source.host]
    return () => remoteEntries(reach, source.path, args.exclude, args['no-fpart'] === true, signal)
  }
  const isExcluded = excluder(args.exclude)
  const { isOwn } = await import('../copy/nested.ts')
  const isLeft = await isOwn(source.path, workingFolder(args))
  const find = args['no-fpart'] ? topEntries : walk
  return (onUnreadable) => find(bytePath(source.path), { isExcluded, isLeft, onUnreadable })
}

/** Appends to a file for each part. */
async function partLog(folder: string | undefined): Promise<CopyTreeOptions['log']> {
  if (folder === undefined) return () => {}
  const { appendFileSync, mkdirSync } = await import('node:fs')
  mkdirSync(folder, { recursive: true })
  return (part, text) => appendFileSync(`${folder}/part.${part}.log`, text)
}

async function print(args: Arguments, run: CopyTreeOptions, terminal: Terminal): Promise<void> {
  const { printParts } = await import('../copy/print-parts.ts')
  for await (const line of printParts(run, args.number ?? availableParallelism(), terminal.signal)) terminal.print(line)
}

function report(tally: Tally, elapsedMs: number, args: Arguments, terminal: Terminal): void {
  const { found, copied, copiedBytes, unchanged, vanished, failed, deleted } = tally
  for (const { names, count, reason } of tally.problems) {
    const some = names.length === 0 ? '' : `: ${names.join(', ')}${count > names.length ? ', …' : ''}`
    terminal.say(`${count === 0 ? '' : `${count} not copied: `}${reason}${some}`)
  }
  terminal.event({ event: 'end', found, copied, copiedBytes, unchanged, vanished, failed, deleted, elapsedMs })
  if (terminal.json || terminal.quiet) return
  const rate = formatRate((1000 * copiedBytes) / Math.max(1, elapsedMs))
  const counts = [
    `${copied} ${args['dry-run'] ? 'to copy' : 'copied'} (${formatBytes(copiedBytes)}, ${rate})`,
    `${unchanged} unchanged`,
    `${vanished} vanished`,
    `${failed} failed`,
    ...(args.delete ? [`${deleted} ${args['dry-run'] ? 'to delete' : 'deleted'}`] : []),
  ]
  terminal.print(
    `${found.files} files and ${found.folders} folders found (${formatBytes(found.bytes)}): ${counts.join(', ')}`,
  )
}

function incomplete({ failed, found, problems }: Tally): Failure {
  const kind = problems.find((problem) => problem.kind !== undefined)?.kind ?? 'io'
  const what = failed > 0 ? `${failed} of ${found.files} files were not copied` : 'not all is copied'
  return new Failure(kind, what, { hint: 'run the same command again: what is there is not copied twice' })
}

type Comparison = Awaited<ReturnType<typeof import('../copy/verify-tree.ts').verifyTree>>

function judge({ compared, different, names, reasons }: Comparison, terminal: Terminal): void {
  terminal.event({ compared, different })
  for (const reason of reasons) terminal.say(`comparing: ${reason}`)
  if (different > 0 || reasons.length > 0) {
    const hint = 'what differs in content alone is copied with --rsync-flags "-aAX --checksum"'
    throw new Failure('data', `${different} of ${compared} files differ: ${names.slice(0, 20).join(', ')}`, { hint })
  }
  if (!terminal.json && !terminal.quiet) terminal.print(`${compared} files compared, all equal`)
}
