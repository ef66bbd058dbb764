import type { StreamOpinion } from '../../chunks/stream-check.ts'

/** Lets the room of chunks, which knows no streams, ask whether one is whole. */
export async function streamOpinions(): Promise<() => StreamOpinion> {
  const { StreamJudge } = await import('../../zfs/send-stream/judge.ts')
  return () => {
    const judge = new StreamJudge()
    let isBegun = false
    return {
      push(bytes) {
        judge.push(bytes)
        isBegun ||= bytes.length > 0
      },
      get state() {
        if (judge.damage !== undefined) return 'damaged'
        const { kind } = judge.finish()
        if (kind === 'bytes' && isBegun) return 'plain'
        return kind === 'complete' ? 'whole' : 'open'
      },
      get reason() {
        const verdict = judge.finish()
        return 'reason' in verdict ? verdict.reason : 'it is no ZFS stream, and nothing tells its end'
      },
      get stream() {
        const first = judge.facts?.first
        return first?.guid === undefined ? undefined : { snapshot: first.name, guid: first.guid }
      },
    }
  }
}
