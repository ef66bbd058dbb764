import { Failure } from '../errors.ts'

const powers = ['', 'K', 'M', 'G', 'T', 'P']

/**
 * Bytes. `64M` and `64MiB` count in 1024s, `64MB` in 1000s, `4096` and `4096B` are bytes; `1.5G` is fine since it is a whole
 * number of them. Case and spaces around do not matter, so that what z3 accepts means the same here. Throws 'usage'.
 */
export function parseSize(text: string): number {
  const match = /^\s*(\d+)(?:\.(\d+))?\s*([KMGTP]?)(I?B)?\s*$/i.exec(text)
  const [, whole = '', fraction = '', prefix = '', suffix = ''] = match ?? []
  if (match === null || (prefix === '' && suffix.length === 2)) {
    throw new Failure('usage', `'${text}' is not a size`, { hint: 'sizes look like 4096, 64M (MiB), 64MB or 1.5G' })
  }
  const base = suffix.toUpperCase() === 'B' ? 1000n : 1024n
  const scaled = BigInt(whole + fraction) * base ** BigInt(powers.indexOf(prefix.toUpperCase()))
  const divisor = 10n ** BigInt(fraction.length)
  if (scaled % divisor !== 0n) throw new Failure('usage', `'${text}' is not a whole number of bytes`)
  const bytes = Number(scaled / divisor)
  if (!Number.isSafeInteger(bytes)) throw new Failure('usage', `'${text}' is more bytes than can be counted`)
  return bytes
}

/** Bytes a second, as `10M` or `10M/s`; never 0. Throws 'usage'. */
export function parseRate(text: string): number {
  const bytesPerSecond = parseSize(text.replace(/\/s\s*$/i, ''))
  if (bytesPerSecond === 0) throw new Failure('usage', `'${text}' is no rate: nothing would ever move`)
  return bytesPerSecond
}

const millisecondsPer: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Milliseconds, from `500ms`, `90s`, `15m`, `36h`, `7d` or `2w`. Throws 'usage'. */
export function parseDuration(text: string): number {
  const [, amount = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*(ms|[smhdw])\s*$/.exec(text) ?? []
  const factor = millisecondsPer[unit]
  if (factor === undefined) {
    throw new Failure('usage', `'${text}' is not a duration`, {
      hint: 'durations look like 500ms, 90s, 15m, 36h, 7d or 2w',
    })
  }
  return Math.round(Number(amount) * factor)
}

/** A whole number from `least` on. Throws 'usage'. */
export function parseCount(text: string, least = 0): number {
  const count = /^\s*\d+\s*$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(count) && count >= least) return count
  throw new Failure('usage', `'${text}' is not a whole number from ${least} on`)
}

/** A whole number that is not 0. Throws 'usage'. */
export function parseFromOne(text: string): number {
  return parseCount(text, 1)
}

/** `812 B`, `1.50 GiB`, `23.4 MiB`: three digits, in 1024s. */
export function formatBytes(bytes: number): string {
  let [value, power] = [bytes, 0]
  // From 999.5 on, three digits would round to 1000.
  for (; value >= 999.5 && power < powers.length - 1; power += 1) value /= 1024
  if (power === 0) return `${Math.round(value)} B`
  const decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
  return `${value.toFixed(decimals)} ${powers[power]}iB`
}

/** `23.4 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`
}

/** `8s`, `4m 07s`, `2h 05m`, `3d 04h`: the two largest units. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)]
  if (minutes === 0) return `${seconds}s`
  if (hours === 0) return `${minutes}m ${twoDigits(seconds % 60)}s`
  if (days === 0) return `${hours}h ${twoDigits(minutes % 60)}m`
  return `${days}d ${twoDigits(hours % 24)}h`
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
