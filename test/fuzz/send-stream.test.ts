import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { StreamJudge } from '../../src/zfs/send-stream/judge.ts'
import type { Verdict } from '../../src/zfs/send-stream/verdict.ts'
import { asBigEndian, resigned } from '../fakes/byte-order.ts'
import { mutated, withChangedField } from '../fakes/mutations.ts'
import { bytesOf, recordedStreams, whyNoStreams } from '../fakes/recorded-streams.ts'
import { samplePackage } from '../fakes/sample-stream.ts'
import { SeededRandom } from '../fakes/seeded-random.ts'
import { recordsOf } from '../fakes/stream-records.ts'

/** For longer: FUZZ_SECONDS=600 npx vitest run --config=test/vitest.config.ts --project=e2e test/fuzz/send-stream */
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 30)
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1e9)

// Node's own heap grows and shrinks; a stream that is kept would show at once.
const mostGrownBytes = 384 * 1024 * 1024

test(`${seconds} s of changed streams and random bytes`, { timeout: (seconds + 60) * 1000 }, async (context) => {
  if (whyNoStreams !== undefined) context.skip(whyNoStreams)
  const recorded = recordedStreams.filter(({ manifest }) => Number(manifest?.['stream_bytes']) < 70_000).map(bytesOf)
  const originals = [...recorded, ...recorded.slice(0, 5).map(asBigEndian), samplePackage().stream]
  const units = new Set(originals.flatMap(unitsOf).flatMap((unit) => [unit, withoutOwnChecksum(unit)].map(keyOf)))
  const startBytes = process.memoryUsage().rss
  const kinds = new Map<string, number>()
  let [rounds, mostBytes] = [0, 0]
  for (const until = performance.now() + seconds * 1000; performance.now() < until; rounds++) {
    const kind = fuzz(seed + rounds, originals, units)
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    if (rounds % 100 !== 0) continue
    // vitest must hear from its worker now and then.
    await setImmediate()
    mostBytes = Math.max(mostBytes, process.memoryUsage().rss - startBytes)
    expect(mostBytes).toBeLessThan(mostGrownBytes)
  }
  const found = [...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ')
  console.log(
    `fuzz: seed ${seed}, ${rounds} rounds: ${found}; memory grew by at most ${Math.round(mostBytes / 2 ** 20)} MiB`,
  )
  expect(rounds).toBeGreaterThan(seconds)
})

function fuzz(roundSeed: number, originals: readonly Uint8Array[], units: ReadonlySet<string>): string {
  const random = new SeededRandom(roundSeed)
  const original = originals[random.below(originals.length)]!
  const other = originals[random.below(originals.length)]!
  const way = random.below(10)
  const isResigned = way === 0 && original[8] === 0xac
  const input = isResigned
    ? resigned(random.below(2) === 0 ? withChangedField(original, random) : mutated(original, random, other))
    : way === 1
      ? random.bytes(random.below(5000))
      : mutated(original, random, other)
  const pieces = 1 + random.below(3000)
  const verdict = judged(input, () => 1 + random.below(pieces))
  const again = judged(input, () => input.length)
  const isSame = JSON.stringify(verdict) === JSON.stringify(again)
  const isAllowed = isResigned || verdict.kind !== 'complete' || isMadeOf(units, input)
  if (!isSame || !isAllowed || !isWithin(verdict, input.length)) {
    expect({ verdict, again, seed: `FUZZ_SEED=${roundSeed} repeats it in the first round` }).toBe('right')
  }
  return isResigned ? `${verdict.kind} with new checksums` : verdict.kind
}

function judged(input: Uint8Array, nextLength: () => number): Verdict {
  const judge = new StreamJudge()
  for (let at = 0; at < input.length; ) {
    const end = at + nextLength()
    judge.push(input.subarray(at, end))
    at = end
  }
  return judge.finish()
}

/** Whole streams may be left out of a package, and END's own checksum may be lost: see record-checker.ts. */
function isMadeOf(units: ReadonlySet<string>, input: Uint8Array): boolean {
  return unitsOf(input).every((unit) => units.has(keyOf(unit)))
}

/** What is good as a whole: a stream, a package's header, a package's end. What is left over comes last. */
function unitsOf(input: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = []
  for (let rest = input; rest.length > 0; ) {
    const isLittleEndian = rest[8] === 0xac || rest[0] === 5
    const end = recordsOf(rest, isLittleEndian).find(({ type }) => type === 'END')?.end ?? rest.length
    units.push(rest.subarray(0, end))
    rest = rest.subarray(end)
  }
  return units
}

function keyOf(unit: Uint8Array): string {
  return createHash('sha1').update(unit).digest('hex')
}

function withoutOwnChecksum(unit: Uint8Array): Uint8Array {
  return Uint8Array.from(unit).fill(0, -32)
}

function isWithin(verdict: Verdict, length: number): boolean {
  if (verdict.kind === 'bytes') return true
  const offset = verdict.kind === 'complete' ? length : verdict.offset
  const byteCount = verdict.facts?.byteCount ?? 0
  return offset <= length && byteCount <= length && (verdict.kind !== 'truncated' || offset === length)
}
