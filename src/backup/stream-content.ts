import { listGuids } from '../zfs/list-names.ts'
import type { Begin } from '../zfs/send-stream/begin.ts'
import { splitSnapshotName } from '../zfs/snapshot.ts'

/** What a stream brings, as it shows on its way: of several datasets, with `zfs send -R`, or one. */
export class StreamContent {
  /** Whether it may be of several datasets, of which some can come and others not. */
  isPackage = false
  #top: string | undefined
  /** The last snapshot of each dataset. */
  readonly #newest = new Map<string, { readonly name: string; readonly guid: string }>()

  readonly onBegin = ({ header, snapshot }: Begin): void => {
    const [dataset, name] = splitSnapshotName(snapshot.name)
    if (header === 'package') this.isPackage = true
    else {
      this.#top ??= dataset
      this.#newest.set(dataset, { name, guid: snapshot.guid })
    }
  }

  /** The first that a dataset, to which the stream was received, has not. */
  async missingFrom(target: string): Promise<string | undefined> {
    const there = await listGuids(target)
    for (const [dataset, { name, guid }] of this.#newest) {
      const wanted = `${target}${dataset.slice(this.#top?.length)}@${name}`
      if (there.get(wanted) !== guid) return wanted
    }
    return undefined
  }
}
