// What a measurement was meant to reach, told under its table as met or missed.

/**
 * Prints one line for an aim; a value that is no number (its peer is not installed) is told as not measured.
 * @param {string} text  what is compared, such as `pput: times the speed of the fastest other`
 * @param {number} value @param {'at least' | 'at most'} bound @param {number} target
 */
export function aim(text, value, bound, target) {
  console.log(`- ${text}: ${shown(value)}; the aim is ${bound} ${target}: ${verdict(value, bound, target)}`)
}

/**
 * How many times as fast one was as another in a race; NaN if either was not in it.
 * @param {Map<string, { seconds: number }>} medians @param {string} one @param {string} other
 */
export function speedup(medians, one, other) {
  return (medians.get(other)?.seconds ?? Number.NaN) / (medians.get(one)?.seconds ?? Number.NaN)
}

/** @param {number} value @param {'at least' | 'at most'} bound @param {number} target */
function verdict(value, bound, target) {
  if (Number.isNaN(value)) return 'not measured'
  const isMet = bound === 'at least' ? value >= target : value <= target
  return isMet ? 'met' : 'missed'
}

/** @param {number} value */
function shown(value) {
  if (Number.isNaN(value)) return 'nothing to compare with'
  return value >= 20 ? value.toFixed(0) : value.toFixed(2)
}
