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

/**
 * Of pput or pget beside whoever else is fastest in a race.
 * @param {string} name  as in the race, up to a comma the program
 * @param {{ speed: number, cpu?: number }} aims @param {Map<string, import('./race.js').Run>} medians
 */
export function aimsOfS3(name, aims, medians) {
  const own = medians.get(name)
  const others = [...medians].filter(([other]) => !/^(pput|pget)\b/.test(other))
  const [best] = others.sort(([, a], [, b]) => a.seconds - b.seconds)
  if (own === undefined || best === undefined) return
  const [peer, { seconds, cpuSeconds }] = best
  const [program] = name.split(',')
  console.log()
  aim(`${program}: times the speed of the fastest other, ${peer}`, seconds / own.seconds, 'at least', aims.speed)
  if (aims.cpu !== undefined) aim(`${program}: times its CPU`, own.cpuSeconds / cpuSeconds, 'at most', aims.cpu)
  aim(`${program}: MiB of memory`, own.rssMib, 'at most', 160)
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
