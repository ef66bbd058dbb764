import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { ownerOfThisProgram } from '../../cli/owner.ts'
import { asFailure } from '../../cli/system-failure.ts'
import type { Terminal } from '../../cli/terminal.ts'
import type { Copier, TopNames } from '../../copy/copier.ts'
import type { CopyTreeOptions } from '../../copy/copy-tree.ts'
import type { BytePath } from '../../copy/entry.ts'
import type { Host } from '../../copy/host.ts'
import type { Place } from '../../copy/place.ts'
import { Failure } from '../../errors.ts'
import { copierOf } from './copier-of.ts'
import { entriesOf } from './entries-of.ts'
import type { Arguments } from './options.ts'
import { placesOf, readsNames, workingFolder } from './places.ts'

/** Everything that the options say, made ready for the rooms. */
export async function prepareRun(args: Arguments, terminal: Terminal): Promise<CopyTreeOptions> {
  const { RunFolder } = await import('../../copy/run-folder.ts')
  const { excluder, isUnclearPattern } = await import('../../copy/exclude.ts')
  const { Tally } = await import('../../copy/tally.ts')

  const [sourceName, destinationName] = placesOf(args)
  const { parsePlace } = await import('../../copy/place.ts')
  const source = parsePlace(sourceName, false)
  const destination = parsePlace(destinationName, args.cloud, await remotesFor(destinationName, args, terminal.signal))
  const { expectFolder } = await import('../../copy/make-folder.ts')
  const { ownPath, refuseNested } = await import('../../copy/nested.ts')
  // Else the destination would be made for nothing.
  if (source.kind === 'local') await expectFolder(source.path)
  // Other hosts have their own folder of the same name.
  if (args['destination-hosts'] === undefined) await refuseNested(source, destination, args.delete)
  refusePatterns(args.exclude, isUnclearPattern)
  refuseDeleting(args)
  const hosts = await hostsOf(args)
  const own = source.kind === 'local' ? await ownPath(source.path, workingFolder(args)) : undefined
  const isExcluded = excluder(args.exclude)
  const spared = await sparedBy(args, destination)
  const copier = await copierOf(args, source, destination, hosts.length, { own, spared })
  await refuseOthers(args, copier, hosts, terminal.signal)
  await makeWorkingFolder(args)
  return {
    copier,
    folder: new RunFolder(workingFolder(args), identityOf(args, source, destination)),
    owner: ownerOfThisProgram(),
    hosts,
    entries: await entriesOf(args, source, own, terminal.signal),
    isDeep: args['no-fpart'] === true,
    // Another list may have come since.
    reuse: args.reuse && !readsNames(args.place),
    retries: args.retries,
    signal: terminal.signal,
    say: (message) => terminal.say(message),
    localSource: source.kind === 'local' ? { path: source.path, isExcluded } : undefined,
    localDestination: isHere(args, destination) && !args['dry-run'] ? destination.path : undefined,
    onPart: (outcome) => terminal.event({ event: 'part', ...outcome }),
    log: await partLog(args['log-output']),
    bytesPerSecond: args.bwlimit,
    tally: new Tally(),
  }
}

/** rclone is asked only where a name may be a remote of its. */
async function remotesFor(name: string, args: Arguments, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const { isUnclear } = await import('../../copy/place.ts')
  if (args.cloud || !isUnclear(name)) return new Set()
  const { rcloneRemotes } = await import('../../copy/rclone-remotes.ts')
  return await rcloneRemotes(args['rclone-config'], signal)
}

/** Unless the user has said how much may be deleted. */
function refuseDeleting(args: Arguments): void {
  if (!args.delete || args['max-delete'] !== undefined || !readsNames(args.place)) return
  throw new Failure('usage', 'a list does not tell what the source has: --delete needs --max-delete with it')
}

/** The same, before anything is copied. */
async function refuseOthers(
  args: Arguments,
  copier: Copier,
  hosts: readonly Host[],
  signal: AbortSignal,
): Promise<void> {
  if (!args.delete || args['max-delete'] !== undefined || args['dry-run']) return
  const { excluder } = await import('../../copy/exclude.ts')
  const { refuseForeign } = await import('../../copy/removal-limit.ts')
  const [source, destination] = placesOf(args)
  refuseForeign(await topNames(copier, hosts, signal), { source, destination }, excluder(args.exclude))
}

/** As the first host tells that can be reached. */
async function topNames(copier: Copier, hosts: readonly Host[], signal: AbortSignal): Promise<TopNames> {
  const each = new Map(hosts.map((host) => [`${host.name} ${host.destinationHost}`, host]))
  let last: unknown
  for (const host of each.values()) {
    try {
      return await copier.topNames(host, signal)
    } catch (error) {
      signal.throwIfAborted()
      last = error
    }
  }
  throw last
}

function isHere(args: Arguments, place: Place): place is Extract<Place, { kind: 'local' }> {
  return place.kind === 'local' && args['source-hosts'] === undefined && args['destination-hosts'] === undefined
}

/** Our own folders in the destination: the source has none of them. */
async function sparedBy(args: Arguments, destination: Place): Promise<readonly BytePath[]> {
  if (!isHere(args, destination)) return []
  const { ownPath } = await import('../../copy/nested.ts')
  const folders = [workingFolder(args), ...(args['log-output'] === undefined ? [] : [resolve(args['log-output'])])]
  const inside = await Promise.all(folders.map((folder) => ownPath(destination.path, folder)))
  return inside.filter((path) => path !== undefined)
}

/** What decides which names are copied, and to where: a run goes on with the books of no other. */
function identityOf(args: Arguments, source: Place, destination: Place): readonly string[] {
  const { place, cloud, exclude } = args
  const choices = [args['no-fpart'], args['dry-run'], cloud, readsNames(place), args['rsync-flags']]
  const files = [args['rclone-config'], args['destination-hosts']]
  return [JSON.stringify([source, destination, choices, files, exclude])]
}

function refusePatterns(patterns: readonly string[], isUnclear: (pattern: string) => boolean): void {
  const wrong = patterns.find((pattern) => pattern.includes('/') || pattern === '')
  if (wrong !== undefined)
    throw new Failure('usage', `--exclude '${wrong}': a pattern is for one name, without a slash`)
  const odd = patterns.find(isUnclear)
  if (odd !== undefined)
    throw new Failure(
      'usage',
      `--exclude '${odd}': a pattern has no backslash, and its brackets hold characters and ranges alone`,
    )
}

async function hostsOf(args: Arguments): Promise<readonly Host[]> {
  const { parseHosts, spreadWorkers } = await import('../../copy/host.ts')
  const { readFile } = await import('node:fs/promises')
  const read = async (file: string | undefined) => {
    const names = file === undefined ? [] : parseHosts(await readFile(file, 'utf8'))
    if (file !== undefined && names.length === 0) throw new Failure('usage', `${file}: names no host`)
    return names
  }
  const copiers = await read(args['source-hosts'])
  const targets = await read(args['destination-hosts'])
  return spreadWorkers(args.number ?? availableParallelism(), copiers, targets)
}

/** A user without a home, as services have none, cannot make the default one. */
async function makeWorkingFolder(args: Arguments): Promise<void> {
  const { access, constants } = await import('node:fs/promises')
  const { makeFolder } = await import('../../copy/make-folder.ts')
  const folder = workingFolder(args)
  try {
    await makeFolder(folder)
    await access(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    const failure = asFailure(error)
    if (failure === undefined) throw error
    const hint = '--working-dir DIR keeps the lists and the books of the run elsewhere'
    throw new Failure(failure.kind, `no working directory: ${failure.message}`, { hint, cause: error })
  }
}

/** Appends to a file for each part. */
async function partLog(folder: string | undefined): Promise<CopyTreeOptions['log']> {
  if (folder === undefined) return () => {}
  const { appendFileSync } = await import('node:fs')
  const { makeFolder } = await import('../../copy/make-folder.ts')
  const { onFile } = await import('../../stream/about-file.ts')
  await makeFolder(folder)
  return (part, text) => {
    if (text.length === 0) return
    const file = `${folder}/part.${part}.log`
    onFile(file, () => appendFileSync(file, text))
  }
}
