import type { Begin } from './begin.ts'
import type { StreamFacts, StreamSnapshot } from './verdict.ts'

const noGuid = '0000000000000000'

/**
 * What the BEGIN records of a stream say together. That of a package has a name, but neither guid, source, features nor
 * time; these are its streams': the source of the first stream of its dataset, guid and time of the stream of its name,
 * the features of all.
 */
export class GatheredFacts {
  kind: StreamFacts['kind'] = 'simple'
  snapshotCount = 0
  /** What the whole stream is about. */
  first: StreamSnapshot | undefined
  /** Of the last BEGIN. */
  current: StreamSnapshot | undefined
  #isSourceKnown = false

  add({ header, snapshot }: Begin): void {
    this.current = snapshot
    if (header === 'substream') this.snapshotCount += 1
    if (this.first !== undefined) this.first = this.#completed(this.first, snapshot)
    else {
      this.first = snapshot
      if (header === 'package') this.kind = 'package'
    }
  }

  #completed(first: StreamSnapshot, next: StreamSnapshot): StreamSnapshot {
    const features = [...new Set([...first.features, ...next.features])]
    if (datasetOf(first) !== datasetOf(next)) return { ...first, features }
    const source = this.#isSourceKnown || next.fromGuid === undefined ? {} : { fromGuid: next.fromGuid }
    this.#isSourceKnown = true
    const isSame = next.name === first.name && first.guid === noGuid
    const { guid, creationTime } = isSame ? next : first
    return { ...first, ...source, features, guid, creationTime }
  }
}

function datasetOf({ name }: StreamSnapshot): string {
  return name.slice(0, name.indexOf('@'))
}
