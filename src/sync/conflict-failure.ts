import { Failure } from '../errors.ts'
import type { DatasetPlan } from './plan.ts'

const anew = 'zfsync-recv --on-diverged=rename sets the old one aside and receives it anew'

/** Why a dataset is not brought up to date, and the ways out. Nothing of it has been touched. */
export function conflictFailure({ source, conflict, culprit }: DatasetPlan, from: string, to: string): Failure {
  const [mine, its] = [from + source.path, to + source.path]
  switch (conflict) {
    case 'no-snapshot':
      return new Failure('unavailable', `${mine}: has no snapshot to send`, {
        hint: `zsnap create -r ${from} takes one of every dataset`,
      })
    case 'target-without-snapshots':
      return new Failure('exists', `${its}: is there on the receiver, without a snapshot`, {
        hint: `${anew}; or destroy it there`,
      })
    case 'target-is-ahead':
      return new Failure('exists', `${its}: the receiver has @${culprit?.name}, which ${mine} has not`, {
        hint: `zfsync-recv --on-diverged=rollback destroys what is newer there than the last common snapshot; ${anew}`,
      })
    case 'target-is-decrypted':
      return new Failure('exists', `${its}: is not encrypted, and ${mine} is, which is never decrypted to be sent`, {
        hint: `${anew}; --on-diverged=replace destroys the old one afterwards`,
      })
    default:
      return new Failure(
        'exists',
        `${its}: the receiver's newest snapshot, @${culprit?.name}, and all before it are not of ${mine}`,
        { hint: `${anew}; --on-diverged=replace destroys the old one afterwards` },
      )
  }
}
