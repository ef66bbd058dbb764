import type { Obstacle } from '../../backup/obstacles.ts'
import type { InferredArguments, OptionSpecs } from '../../cli/command.ts'
import { confirm } from '../../cli/confirm.ts'
import { givenStoreOf, givenStoreOptions } from '../../cli/given-store.ts'
import { alignedLines } from '../../cli/table.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { formatBytes } from '../../cli/units.ts'
import type { Failure } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import type { Snapshot } from '../../zfs/snapshot.ts'
import { openBackupStore } from './backup-store.ts'

/** Of verbs by which snapshots are lost. */
export const losingOptions = {
  yes: { type: 'boolean', alias: 'y', default: false, describe: 'ask nothing: needed where there is no terminal' },
  force: {
    choices: ['last-common'] as const,
    describe: 'destroy even what the next backup goes on from',
  },
  'dry-run': {
    type: 'boolean',
    alias: 'n',
    default: false,
    describe: 'write what would be lost, and the commands, and run none',
  },
  ...givenStoreOptions,
  store: { ...givenStoreOptions.store, describe: 'keep what the next backup to this store goes on from' },
} satisfies OptionSpecs

type Arguments = InferredArguments<typeof losingOptions, Record<never, never>>

export async function storeToAsk(args: Arguments, terminal: Terminal): Promise<Store | undefined> {
  return args.store === undefined ? undefined : openBackupStore(givenStoreOf(args), terminal)
}

/** Why it stays, if it does: a last common base may be given up. */
export function refusalOf(obstacle: Obstacle | undefined, { force }: Arguments): Failure | undefined {
  return obstacle?.canForce === true && force === 'last-common' ? undefined : obstacle?.failure
}

/** `tank/home@mon  2026-01-01T00:00:00Z  1.50 MiB alone` */
export function lossLines(snapshots: readonly Snapshot[]): readonly string[] {
  const rows = snapshots.map(({ name, creation, usedBytes }) => [
    name,
    creation.toISOString().replace('.000', ''),
    `${formatBytes(usedBytes)} of its own`,
  ])
  return alignedLines(rows)
}

export function bytesFreed(bytes: number | undefined): string {
  return bytes === undefined
    ? 'this zfs does not tell how many bytes it would free'
    : `${formatBytes(bytes)} (${bytes} bytes)`
}

/** Says what is lost, unless nobody asks for it, and asks at the terminal. Throws 'usage' without a yes. */
export async function consent(
  lines: readonly string[],
  question: string,
  { yes }: Arguments,
  terminal: Terminal,
): Promise<void> {
  if (!yes || terminal.verbose) for (const line of lines) terminal.say(line)
  if (!yes) await confirm(question, terminal.signal)
}
