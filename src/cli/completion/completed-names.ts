import type { Command } from '../command.ts'

const listings = {
  dataset: 'zfs list -H -o name -t filesystem,volume 2>/dev/null',
  snapshot: 'zfs list -H -o name -t snapshot 2>/dev/null',
} as const

/** The shell command that lists what a command's words may be; undefined where nothing can. */
export function completedNames(command: Command): string | undefined {
  const completes = Object.values(command.positionals).find((each) => each.completes !== undefined)?.completes
  return completes === undefined ? undefined : listings[completes]
}
