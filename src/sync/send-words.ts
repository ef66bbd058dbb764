import type { SyncDataset } from './inventory.ts'
import type { Abilities, ReceiveRequest } from './messages.ts'
import type { Step } from './plan.ts'

/** A step that sends something. */
export type Sending = Extract<Step, { kind: 'resume' | 'full' | 'increment' }>

export function isSending(step: Step): step is Sending {
  return step.kind === 'resume' || step.kind === 'full' || step.kind === 'increment'
}

// Large blocks, compressed as they are on the disk, and embedded: sent so where both ends know it.
const wantedFlags = ['L', 'c', 'e'] as const

/** The flags that both ends know. An encrypted dataset is sent raw, never decrypted. */
export function sendFlags(
  { isEncrypted }: SyncDataset,
  here: Abilities,
  there: Abilities,
  { withProperties = false } = {},
): readonly string[] {
  const common = wantedFlags.filter((flag) => here.send.includes(flag) && there.send.includes(flag))
  return [...(isEncrypted ? ['-w'] : []), ...(withProperties ? ['-p'] : []), ...common.map((flag) => `-${flag}`)]
}

/** The words for `zfs send`. */
export function sendWords(dataset: string, step: Sending, flags: readonly string[]): readonly string[] {
  // The token knows the flags it began with.
  if (step.kind === 'resume') return ['-t', step.token]
  const to = `${dataset}@${step.to.name}`
  if (step.kind === 'full') return [...flags, to]
  const { kind, point } = step.base
  const from = `${dataset}${kind === 'bookmark' ? '#' : '@'}${point.name}`
  return [...flags, step.withIntermediates ? '-I' : '-i', from, to]
}

/** How a step is announced to the receiver; `nameOf` tells its own names of its snapshots. */
export function requestFor(
  { path, type }: SyncDataset,
  step: Sending,
  into: ReceiveRequest['into'],
  nameOf: (guid: string) => string | undefined,
): ReceiveRequest {
  const { name, guid } = step.to
  const fromGuid = baseGuidOf(step)
  const fromName = fromGuid === undefined ? undefined : nameOf(fromGuid)
  const from = fromName === undefined ? {} : { fromName }
  return { type: 'receive', path, into, dataset: type, to: { name, guid }, fromGuid, ...from }
}

function baseGuidOf(step: Sending): string | undefined {
  if (step.kind === 'full') return undefined
  return step.kind === 'resume' ? step.fromGuid : step.base.point.guid
}
