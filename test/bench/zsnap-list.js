// How long `zsnap list` takes beside the `zfs list` that it asks: `node test/bench/zsnap-list.js [snapshots] [rounds]`,
// after `npm run build`. zfs is a program of this bench that prints lines as OpenZFS does, so that what is measured is
// ours. Prints medians of the wall clock in milliseconds; the rounds of all are interleaved.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aim } from './aims.js'
import { median } from './race.js'

const [count = 10_000, rounds = 11] = process.argv.slice(2).map(Number)
const root = new URL('../..', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'zpipes-bench-'))

const lines = Array.from({ length: count }, (_, index) => {
  const time = new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString().replace(/[-:]|\.000/g, '')
  const guid = 10n ** 18n + BigInt(index) * 7919n
  return `tank/home@zsnap-${time}\t${guid}\t${1000 + index}\t${1767225600 + 60 * index}\t${index * 512}\t${index * 1024}\t0\t${index * 777}`
})
writeFileSync(join(folder, 'lines'), `${lines.join('\n')}\n`)
writeFileSync(join(folder, 'zfs'), `#!/bin/sh\nexec cat ${folder}/lines\n`)
chmodSync(join(folder, 'zfs'), 0o755)

const contestants = new Map([
  ['zfs list', [join(folder, 'zfs'), 'list']],
  ['zsnap list', [process.execPath, `${root}bin/zsnap`, 'list', 'tank/home']],
  ['zsnap list -H', [process.execPath, `${root}bin/zsnap`, 'list', '-H', 'tank/home']],
  ['zsnap list --json', [process.execPath, `${root}bin/zsnap`, 'list', '--json', 'tank/home']],
])

const samples = new Map([...contestants.keys()].map((name) => [name, []]))
try {
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, words] of contestants) samples.get(name).push(wallMsOf(words))
  }
} finally {
  rmSync(folder, { recursive: true })
}
console.log(`${count} snapshots: medians of ${rounds} rounds, interleaved

| | ms | lowest | highest |
|---|---|---|---|`)
for (const [name, each] of samples) {
  const cells = [median(each), Math.min(...each), Math.max(...each)].map((value) => value.toFixed(0))
  console.log(`| \`${name}\` | ${cells.join(' | ')} |`)
}
console.log()
const more = (median(samples.get('zsnap list -H')) - median(samples.get('zfs list'))) / 1000
aim(`zsnap list of ${count} snapshots, seconds more than zfs list`, more, 'at most', 0.3)

function wallMsOf([program, ...words]) {
  const start = performance.now()
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` }
  const { status, stdout } = spawnSync(program, words, { env, maxBuffer: 1 << 28 })
  const printed = stdout.toString().split('\n').length - 1
  if (status !== 0 || printed < count) throw new Error(`${program} ended with ${status} after ${printed} lines`)
  return performance.now() - start
}
