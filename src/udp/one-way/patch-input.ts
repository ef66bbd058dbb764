import { fstatSync, read } from 'node:fs'
import { promisify } from 'node:util'
import { Failure } from '../../errors.ts'
import type { Check } from '../../stream/checked-input.ts'
import { createDigest } from '../../stream/digest.ts'
import type { Input } from '../../stream/input.ts'
import type { Sum } from './bodies.ts'
import type { ByteRange } from './lost-ranges.ts'
import { writePatchHeader } from './patch-header.ts'
import type { Missing } from './repair-request.ts'

const readAt = promisify(read)
const sliceBytes = 256 * 1024

export interface Patch {
  /** The header of the patch, and the slices of the file that it has. */
  readonly input: Input
  /** The file of which they are slices. */
  readonly whole: Sum
}

/**
 * What is missing, out of an open file. It is read to its end first: a file that is not the one that was sent is a Failure
 * 'data', what cannot be read twice 'usage'.
 */
export async function openPatch(
  fd: number,
  missing: Missing,
  checks: readonly Check[],
  signal: AbortSignal,
): Promise<Patch> {
  if (!fstatSync(fd).isFile()) {
    throw new Failure('usage', 'stdin is no file: what is missing is somewhere inside of the stream', {
      hint: 'store the stream in a file, and give it by <file',
    })
  }
  const state = stateOf(fd)
  const whole = await sumOfFile(fd, checks, signal)
  expectSame(whole, missing)
  const ranges = missing.ranges.map(({ from, to }) => ({ from, to: Math.min(to, whole.bytes) }))
  const outside = ranges.find(({ from, to }) => from >= to)
  if (outside !== undefined)
    throw new Failure('data', `byte ${outside.from} is asked for, and stdin ends at ${whole.bytes}`)
  return { input: new PatchInput(fd, ranges, state, signal), whole }
}

/** Length and XXH64 of a file, which all checks look at too. */
export async function sumOfFile(fd: number, checks: readonly Check[], signal?: AbortSignal): Promise<Sum> {
  const digest = await createDigest('xxh64')
  const slice = new Uint8Array(sliceBytes)
  let at = 0
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead } = await readAt(fd, slice, 0, sliceBytes, at)
    if (bytesRead === 0) break
    const bytes = slice.subarray(0, bytesRead)
    digest.update(bytes)
    for (const check of checks) await check.look(bytes)
    at += bytesRead
  }
  for (const check of checks) await check.finish?.()
  return { bytes: at, digest: digest.hex() }
}

function expectSame(whole: Sum, { totalBytes = whole.bytes, digest = whole.digest }: Missing): void {
  if (whole.bytes === totalBytes && whole.digest === digest) return
  const [ours, theirs] = [`${whole.bytes} bytes with digest ${whole.digest}`, `${totalBytes} bytes with ${digest}`]
  throw new Failure('data', `stdin has ${ours}, and what is missing is of ${theirs}`)
}

/** It differs when the file was written to. */
function stateOf(fd: number): string {
  const { size, mtimeNs } = fstatSync(fd, { bigint: true })
  return `${size} ${mtimeNs}`
}

class PatchInput implements Input {
  readonly #fd: number
  readonly #state: string
  readonly #signal: AbortSignal
  #header: Buffer
  #left: ByteRange[]

  constructor(fd: number, ranges: readonly ByteRange[], state: string, signal: AbortSignal) {
    this.#fd = fd
    this.#state = state
    this.#signal = signal
    this.#header = writePatchHeader(ranges)
    this.#left = [...ranges]
  }

  async fill(target: Uint8Array): Promise<number> {
    let count = Math.min(target.length, this.#header.length)
    target.set(this.#header.subarray(0, count))
    this.#header = this.#header.subarray(count)
    while (count < target.length && this.#left[0] !== undefined) {
      this.#signal.throwIfAborted()
      const { from, to } = this.#left[0]
      const { bytesRead } = await readAt(this.#fd, target, count, Math.min(target.length - count, to - from), from)
      if (bytesRead === 0) throw new Failure('data', `stdin was cut at byte ${from} while it was read`)
      count += bytesRead
      const rest = { from: from + bytesRead, to }
      this.#left = rest.from < to ? [rest, ...this.#left.slice(1)] : this.#left.slice(1)
    }
    if (count < target.length && stateOf(this.#fd) !== this.#state)
      throw new Failure('data', 'stdin was written to while it was read', { hint: 'send it again when it is at rest' })
    return count
  }

  async close(): Promise<void> {}
}
