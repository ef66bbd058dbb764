/*
 * The names that split(1) gives: a prefix and a suffix, xaa, xab … xyz, xzaaa … When the suffixes of one length run
 * short, the next are two letters longer: of n letters those that begin with the last letter are left out, so that the
 * order of the bytes stays that of the stream. Digits do the same: x00 … x89, x9000 …; `-a` gives suffixes of a length
 * that does not change.
 */

const surrogate = /[\ud800-\udfff]/

/** The order of the stream, by the names: as bytes, but numbers at the end by their value (part.9 before part.10). */
export function compareChunkNames(a: string, b: string): number {
  // Of names that are equally long numbers are ordered as bytes are, and so are letters that need no second code unit.
  if (a.length === b.length && !surrogate.test(a) && !surrogate.test(b)) return a < b ? -1 : Number(a > b)
  const [, aHead, aNumber] = /^(.*?)(\d+)$/s.exec(a) ?? []
  const [, bHead, bNumber] = /^(.*?)(\d+)$/s.exec(b) ?? []
  if (aHead !== undefined && aHead === bHead) {
    const difference = BigInt(aNumber ?? 0) - BigInt(bNumber ?? 0)
    if (difference !== 0n) return difference < 0n ? -1 : 1
  }
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** The names that may come after this one: split's own, and the next number. Empty if the name shows no order. */
export function successorsOf(name: string): readonly string[] {
  const [, head = '', digits] = /^(.*?)(\d+)$/s.exec(name) ?? []
  if (digits !== undefined) return numbered(digits).map((next) => head + next)
  const [, letters] = /([a-z]+)$/.exec(name) ?? []
  if (letters === undefined) return []
  // The prefix may end in letters too (xaa): only the letters that change matter, and the widened form of each length.
  const stem = name.slice(0, name.length - letters.length)
  return [...incremented(letters), ...widenings(letters)].map((next) => stem + next)
}

/** Says which chunk is missing, of names in the stream's order: those that show an order must show no gap in it. */
export function gapIn(names: readonly string[]): string | undefined {
  for (const [index, name] of names.slice(1).entries()) {
    const before = names[index] ?? ''
    const next = successorsOf(before)
    if (next.length > 0 && !next.includes(name))
      return `a chunk is missing: ${next[0]} should follow ${before}, and ${name} does`
  }
  return undefined
}

function numbered(digits: string): readonly string[] {
  const next = (BigInt(digits) + 1n).toString().padStart(digits.length, '0')
  return /^9*89+$/.test(digits) ? [next, widened(digits, '9', '0')] : [next]
}

function incremented(letters: string): readonly string[] {
  const [, kept = '', tail = ''] = /^(.*?)(z*)$/.exec(letters) ?? []
  const last = kept.at(-1)
  if (last === undefined) return []
  return [kept.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1) + 'a'.repeat(tail.length)]
}

/** `xyz` → `xzaaa`: the last letters are `z…z y z…z`; how many of them are suffix the prefix hides. */
function widenings(letters: string): readonly string[] {
  const [, suffix] = /(z*yz+)$/.exec(letters) ?? []
  return suffix === undefined ? [] : [letters.slice(0, -suffix.length) + widened(suffix, 'z', 'a')]
}

/** One more of the last letter in front than there was, and one more letter that counts: `yz` → `zaaa`, `zyzz` → `zzaaaa`. */
function widened(suffix: string, last: string, first: string): string {
  const leading = suffix.length - suffix.replace(new RegExp(`^${last}*`), '').length
  return last.repeat(leading + 1) + first.repeat(suffix.length - leading + 1)
}

/** The suffix of chunk `index` (from 0), as split(1) makes it with letters. */
export function suffixAt(index: number): string {
  let rest = index
  for (let leading = 0; ; leading++) {
    const count = 25 * 26 ** (leading + 1)
    if (rest < count) return 'z'.repeat(leading) + lettersOf(rest, leading + 2)
    rest -= count
  }
}

function lettersOf(value: number, length: number): string {
  let letters = ''
  for (let rest = value; letters.length < length; rest = Math.floor(rest / 26)) {
    letters = String.fromCharCode(97 + (rest % 26)) + letters
  }
  return letters
}
