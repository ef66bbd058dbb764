import { Failure } from '../errors.ts'
import { BufferPool } from '../stream/buffer-pool.ts'
import type { Check } from '../stream/checked-input.ts'
import { inOrder } from '../stream/in-order.ts'
import type { OpenObject, Store } from './store.ts'
import type { Verifier } from './verifier.ts'

export interface Range {
  readonly offset: number
  readonly bytes: number
}

export interface GetOptions {
  /** Only these bytes are given; for their proof the whole object is read all the same. */
  readonly range?: Range | undefined
  /** False gives bytes that nothing was compared with. */
  readonly verify: boolean
  /** They look at all that is read, and are asked before the last piece is given. */
  readonly checks: readonly Check[]
}

/**
 * An object's bytes in order, in pieces that are the consumer's until it asks for the next. The last piece is given only
 * after the whole object has equalled its recorded checksum: whoever got it all got what was stored.
 */
export async function* getStream(store: Store, object: OpenObject, options: GetOptions): AsyncGenerator<Uint8Array> {
  const { readBytes, partsAtOnce: concurrency } = store
  const wanted = clip(options.range ?? { offset: 0, bytes: object.size }, object)
  const read = options.verify ? { offset: 0, bytes: object.size } : wanted
  // One more is the consumer's, and one is held back.
  const pool = new BufferPool(readBytes, concurrency + 2)
  const limits = { concurrency, budgetBytes: (concurrency + 1) * readBytes }
  const check = startCheck(
    store.urlOf(object.key),
    options.checks,
    options.verify ? await object.verifier() : undefined,
  )
  let held: Piece | undefined
  try {
    for await (const piece of inOrder(ranges(read, readBytes), (range) => fetch(object, pool, range), limits)) {
      // The consumer works at the piece before while this one is looked at.
      const looked = check.look(piece.bytes)
      looked.catch(() => {})
      const part = cut(piece, wanted)
      if (part !== undefined && held !== undefined) {
        yield held.bytes
        pool.give(held.buffer)
      }
      await looked
      if (part === undefined) pool.give(piece.buffer)
      else held = part
    }
    await check.finish()
    if (held !== undefined) yield held.bytes
  } finally {
    await check.stop()
  }
}

interface Piece {
  readonly offset: number
  readonly bytes: Uint8Array
  readonly buffer: Uint8Array
}

function clip({ offset, bytes }: Range, object: OpenObject): Range {
  if (offset > object.size) throw new Failure('usage', `offset ${offset} lies behind the object's ${object.size} bytes`)
  return { offset, bytes: Math.min(bytes, object.size - offset) }
}

function* ranges({ offset, bytes }: Range, readBytes: number): Generator<Range> {
  for (let at = offset; at < offset + bytes; at += readBytes) {
    yield { offset: at, bytes: Math.min(readBytes, offset + bytes - at) }
  }
}

async function fetch(object: OpenObject, pool: BufferPool, range: Range): Promise<Piece> {
  const buffer = await pool.take()
  const bytes = buffer.subarray(0, range.bytes)
  await object.read(range.offset, bytes)
  return { offset: range.offset, bytes, buffer }
}

/** The part of a piece that lies in the range. */
function cut({ offset, bytes, buffer }: Piece, range: Range): Piece | undefined {
  const start = Math.max(0, range.offset - offset)
  const end = Math.min(bytes.length, range.offset + range.bytes - offset)
  return start < end ? { offset: offset + start, bytes: bytes.subarray(start, end), buffer } : undefined
}

function startCheck(url: string, checks: readonly Check[], verifier: Verifier | undefined) {
  return {
    async look(piece: Uint8Array): Promise<void> {
      const verified = verifier?.update(piece)
      verified?.catch(() => {})
      for (const check of checks) await check.look(piece)
      await verified
    },
    async finish(): Promise<void> {
      const found = await verifier?.found()
      if (verifier !== undefined && found !== verifier.recorded) {
        const { name, recorded } = verifier
        throw new Failure('data', `${url}: ${name} is ${recorded} in the store's record, ${found} of the bytes read`, {
          hint: 'the object is damaged: do not use what was written so far',
        })
      }
      for (const check of checks) await check.finish?.()
    },
    stop: async () => verifier?.stop?.(),
  }
}
