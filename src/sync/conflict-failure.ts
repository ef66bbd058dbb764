import { Failure } from '../errors.ts'
import type { DatasetPlan } from './plan.ts'

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
        hint: 'rename or destroy it there: it is then received anew',
      })
    case 'target-is-ahead':
      return new Failure('exists', `${its}: the receiver has @${culprit?.name}, which ${mine} has not`, {
        hint: 'destroy there what is newer than the last common snapshot, or rename the dataset to receive it anew',
      })
    default:
      return new Failure(
        'exists',
        `${its}: the receiver's newest snapshot, @${culprit?.name}, and all before it are not of ${mine}`,
        {
          hint: 'rename the dataset there: it is then received anew, beside the old one',
        },
      )
  }
}
