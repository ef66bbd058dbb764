const mostChanges = 2

/**
 * The word that was probably meant: the one that it is the only beginning of, or that differs by few letters, two at most
 * that are missing, too many, wrong or exchanged. Undefined if none is near.
 */
export function closestWord(written: string, words: readonly string[]): string | undefined {
  const begun = words.filter((word) => word.startsWith(written))
  if (begun.length === 1) return begun[0]
  const near = words.map((word) => ({ word, changes: changesBetween(written, word) }))
  const [best] = near.toSorted((a, b) => a.changes - b.changes)
  return best !== undefined && best.changes <= Math.min(mostChanges, written.length / 3) ? best.word : undefined
}

/** Damerau's and Levenshtein's distance. */
function changesBetween(a: string, b: string): number {
  let [twoAbove, above]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= a.length; row++) {
    const here = [row]
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1]
      const isExchanged = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      here[column] = Math.min(
        (above[column] ?? 0) + 1,
        (here[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + Number(!isSame),
        isExchanged ? (twoAbove[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    twoAbove = above
    above = here
  }
  return above[b.length] ?? 0
}
