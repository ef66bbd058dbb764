import type { StreamSnapshot } from './verdict.ts'

/*
 * The list in a package's BEGIN is an nvlist in XDR, all of it big-endian words (send_prelim_records and gather_nvlist
 * in lib/libzfs/libzfs_sendrecv.c, nvs_xdr_* in module/nvpair/nvpair.c):
 *
 *   payload   u8 encoding=1 | u8[3] | list
 *   list      i32 version | i32 flags | pair… | 0 | 0
 *   pair      i32 bytes of the pair | i32 - | string name | i32 type | i32 elements | value
 *   string    u32 length | bytes, padded to words
 *
 *   fss: list of a list for each dataset, in it   name: string | snaps: list of   snapshot's name: u64 guid
 */

const xdrEncoding = 1
const pairType = { uint64: 8, string: 9, list: 19 } as const

// Names in ZFS have 255 bytes at most, those of user properties too.
const longestString = 1024

// A bound for memory: no pool comes near it.
const mostDatasets = 100_000

/** Takes one word after the other. */
type WordParser = Generator<undefined, void, number>

/**
 * What a package promises: for every dataset in its list the stream of the snapshot that the package is named after.
 * `zfs send` fails on whatever it leaves out of these (dump_filesystem), yet ends the package as if all were well.
 * The list is read in passing; one that cannot be read promises only the snapshot in the package's own name.
 */
export class PackageList {
  readonly #name: string
  readonly #snapshot: string
  readonly #promised = new Map<string, string>()
  readonly #parser = this.#payload()
  #isOwnHere = false
  // In words.
  #position = 0
  #skipped = 0
  #dataset = ''
  #guid = ''

  constructor({ name }: StreamSnapshot) {
    this.#name = name
    this.#snapshot = name.slice(name.indexOf('@') + 1)
    this.#parser.next()
  }

  /** The next bytes of the list: whole words. */
  read(view: DataView, from: number, bytes: number): void {
    const end = from + bytes
    for (let at = from; at < end; ) {
      const words = Math.min(this.#skipped, (end - at) / 4) || 1
      if (this.#skipped > 0) this.#skipped -= words
      else this.#parser.next(view.getUint32(at))
      this.#position += words
      at += 4 * words
    }
  }

  /** A stream of the package begins. */
  keep({ name, guid }: StreamSnapshot): void {
    if (name === this.#name) this.#isOwnHere = true
    this.#promised.delete(guid)
  }

  /** The name of a snapshot whose stream has not come. */
  get missing(): string | undefined {
    return this.#isOwnHere ? this.#promised.values().next().value : this.#name
  }

  *#payload(): WordParser {
    if ((yield) >>> 24 !== xdrEncoding) return
    yield* this.#list((name, type) => (name === 'fss' && type === pairType.list ? this.#datasets() : undefined))
  }

  *#datasets(): WordParser {
    yield* this.#list((_, type) => (type === pairType.list ? this.#oneDataset() : undefined))
  }

  *#oneDataset(): WordParser {
    this.#dataset = ''
    this.#guid = ''
    yield* this.#list((name, type) => {
      if (name === 'name' && type === pairType.string) return this.#datasetName()
      return name === 'snaps' && type === pairType.list ? this.#snapshots() : undefined
    })
    // Without it the dataset has no such snapshot, and nothing was promised.
    if (this.#guid !== '') this.#promised.set(this.#guid, `${this.#dataset}@${this.#snapshot}`)
    if (this.#promised.size > mostDatasets) this.#giveUp()
  }

  *#datasetName(): WordParser {
    this.#dataset = (yield* this.#string()).replace(/\p{Cc}/gu, '?')
  }

  *#snapshots(): WordParser {
    yield* this.#list((name, type) =>
      name === this.#snapshot && type === pairType.uint64 ? this.#ownGuid() : undefined,
    )
  }

  *#ownGuid(): WordParser {
    const [high, low] = [yield, yield]
    this.#guid = [high, low].map((half) => half.toString(16).padStart(8, '0')).join('')
  }

  /** A value that has no parser is skipped. */
  *#list(parserFor: (name: string, type: number) => WordParser | undefined): WordParser {
    yield
    yield
    for (;;) {
      const start = this.#position + this.#skipped
      const bytes: number = yield
      const decodedBytes: number = yield
      if (bytes === 0 && decodedBytes === 0) return
      const name = yield* this.#string()
      const type: number = yield
      yield
      const parser = parserFor(name, type)
      if (parser !== undefined) yield* parser
      this.#skip(start + bytes / 4 - this.#position)
    }
  }

  *#string(): Generator<undefined, string, number> {
    const length: number = yield
    if (length > longestString) {
      this.#giveUp()
      yield
    }
    const bytes = new DataView(new ArrayBuffer(Math.ceil(length / 4) * 4))
    for (let at = 0; at < length; at += 4) bytes.setUint32(at, yield)
    return new TextDecoder().decode(new Uint8Array(bytes.buffer, 0, length))
  }

  #skip(words: number): void {
    if (!Number.isInteger(words) || words < 0) this.#giveUp()
    else if (Number.isFinite(this.#skipped)) this.#skipped = words
  }

  /** No word comes to a parser any more. */
  #giveUp(): void {
    this.#promised.clear()
    this.#skipped = Number.POSITIVE_INFINITY
  }
}
