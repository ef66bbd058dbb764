/** A range of bytes, `to` not in it. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

// More than a reader of them looks at; what is between two of them is then held for lost too.
const mostRanges = 10_000

/** Ranges in rising order, joined where they touch. */
export class LostRanges {
  readonly #ranges: { from: number; to: number }[] = []

  get ranges(): readonly ByteRange[] {
    return this.#ranges
  }

  get bytes(): number {
    return this.#ranges.reduce((sum, { from, to }) => sum + to - from, 0)
  }

  add({ from, to }: ByteRange): void {
    if (to <= from) return
    const last = this.#ranges.at(-1)
    if (last !== undefined && (last.to === from || this.#ranges.length >= mostRanges)) last.to = to
    else this.#ranges.push({ from, to })
  }
}

/** `0-99, 200-299, 12 more`: first and last byte of each. */
export function describeRanges(ranges: readonly ByteRange[], most = 8): string {
  const shown = ranges.slice(0, most).map(({ from, to }) => `${from}-${to === Number.POSITIVE_INFINITY ? '' : to - 1}`)
  if (ranges.length > most) shown.push(`${ranges.length - most} more`)
  return shown.join(', ')
}
