import type { Copier } from '../../copy/copier.ts'
import type { BytePath } from '../../copy/entry.ts'
import type { Place } from '../../copy/place.ts'
import { Failure } from '../../errors.ts'
import type { Arguments } from './options.ts'
import { readsNames } from './places.ts'

/** rsync, or rclone for what it alone can reach. */
export async function copierOf(
  args: Arguments,
  source: Place,
  destination: Place,
  workers: number,
  { own, spared }: { readonly own: BytePath | undefined; readonly spared: readonly BytePath[] },
): Promise<Copier> {
  const { rsyncPlace } = await import('../../copy/place.ts')
  // Printed commands run at the same time, as many as there are workers.
  const bytesPerSecond = args.bwlimit === undefined ? undefined : args.bwlimit / workers
  const ssh = args.ssh.split(' ').filter(Boolean)
  const shared = { exclude: args.exclude, own, dryRun: args['dry-run'], bytesPerSecond, ssh }
  if (args.cloud || destination.kind === 'cloud') {
    const { Rclone } = await import('../../copy/rclone.ts')
    if (args['no-fpart']) throw new Failure('usage', '--no-fpart needs rsync: rclone takes no folders from a list')
    if (source.kind !== 'local') throw new Failure('usage', 'rclone copies from a local folder: give a path')
    const target = destination.kind === 'cloud' ? destination.url : rsyncPlace(destination)
    return new Rclone({ ...shared, source: rsyncPlace(source), destination: target, configFile: args['rclone-config'] })
  }
  const { Rsync } = await import('../../copy/rsync.ts')
  if (source.kind === 'remote' && destination.kind === 'remote' && args['source-hosts'] === undefined)
    throw new Failure('usage', 'rsync copies from or to this machine: give --source-hosts, or run it there')
  const isWalked = !readsNames(args.place)
  const isHere = source.kind === 'local' && destination.kind === 'local'
  return new Rsync({
    ...shared,
    source: rsyncPlace(source),
    destination: rsyncPlace(destination),
    flags: rsyncFlags(args),
    isDeep: args['no-fpart'] === true,
    isWalked,
    takesFolders: isWalked && isHere && args['source-hosts'] === undefined && args['destination-hosts'] === undefined,
    spared,
  })
}

const refused = [
  // Names of one folder would come into another, and what is deleted would not be counted, or be the source.
  /^--(from0|files-from|no-R$|no-relative|del$|delete|remove-(source|sent)-files|ignore-errors)/,
  // Nothing would be copied, or it would not be told; or what is left out would seem to be there already.
  /^--(dry-run|list-only|quiet|version|help|(only-)?write-batch|read-batch)/,
  /^--(existing|ignore-non-existing|max-size|min-size|compare-dest|safe-links)/,
  /^-[^-BefMT@]*[nqV]/,
]

/** Without those that make rsync copy nothing, or keep silent on what it did: all would seem well. */
function rsyncFlags(args: Arguments): readonly string[] {
  const flags = args['rsync-flags'].split(' ').filter(Boolean)
  const wrong = flags.find((flag) => refused.some((each) => each.test(flag)))
  if (wrong !== undefined) throw new Failure('usage', `--rsync-flags: ${wrong} cannot be used here`)
  return flags
}
