import { estimateSend } from '../zfs/estimate-send.ts'
import type { Abilities } from './messages.ts'
import type { Plan, Step } from './plan.ts'
import { isSending, sendFlags, sendWords } from './send-words.ts'
import type { SyncSettings } from './sync-tree.ts'
import { findAbilities } from './zfs-abilities.ts'

export interface PlannedStep {
  readonly dataset: string
  readonly step: Step
  /** About how much would be sent, where ZFS can say. */
  readonly bytes: number | undefined
}

/** The steps of a plan for the tree `from`, each as large as `zfs send` thinks. */
export async function* estimatePlan(
  plan: Plan,
  from: string,
  settings: SyncSettings,
  there: Abilities | undefined,
): AsyncGenerator<PlannedStep> {
  const here = there === undefined ? undefined : await findAbilities()
  for (const { source, steps } of plan.datasets) {
    const dataset = from + source.path
    const flags = here === undefined || there === undefined ? [] : sendFlags(source, here, there, settings)
    for (const step of steps) {
      const bytes = isSending(step) ? await estimateSend(sendWords(dataset, step, flags)) : undefined
      yield { dataset, step, bytes }
    }
  }
}
