import type { Begin } from './begin.ts'
import type { NamedSnapshot, StreamFacts, StreamSnapshot } from './verdict.ts'

/**
 * What the BEGIN records of a stream say together. That of a package has a name, but neither guid, source, features nor
 * time; these are its streams': the source of the first stream of its dataset, guid and time of the stream of its name,
 * the features of all.
 */
export class GatheredFacts {
  kind: StreamFacts['kind'] = 'simple'
  snapshotCount = 0
  /** What the whole stream is about. */
  first: NamedSnapshot | undefined
  /** Of the last BEGIN. */
  current: StreamSnapshot | undefined
  #isSourceKnown = false

  add({ header, snapshot }: Begin): void {
    this.current = snapshot
    if (header === 'substream') this.snapshotCount += 1
    if (this.first !== undefined) this.first = this.#completed(this.first, snapshot)
    else if (header === 'package') {
      const { guid: _, ...named } = snapshot
      this.first = named
      this.kind = 'package'
    } else this.first = snapshot
  }

  #completed(first: NamedSnapshot, next: StreamSnapshot): NamedSnapshot {
    const features = [...new Set([...first.features, ...next.features])]
    if (datasetOf(first) !== datasetOf(next)) return { ...first, features }
    const source = this.#isSourceKnown || next.fromGuid === undefined ? {} : { fromGuid: next.fromGuid }
    this.#isSourceKnown = true
    const isSame = next.name === first.name && first.guid === undefined
    const known = isSame ? { guid: next.guid, creationTime: next.creationTime } : {}
    return { ...first, ...source, features, ...known }
  }
}

function datasetOf({ name }: NamedSnapshot): string {
  return name.slice(0, name.indexOf('@'))
}
