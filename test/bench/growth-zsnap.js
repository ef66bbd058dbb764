// How the cost of zsnap grows with the snapshots: `node test/bench/growth-zsnap.js [snapshots]…`, after `npm run build`.
// zfs is a program of this bench that prints lists as OpenZFS does, where no real pool could have so many; the store is a
// directory with one full and its increments, and a copy of it, whose files have other inodes than their records name.
// Prints seconds of the wall clock and the most memory of one run each, with what all took per snapshot.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const given = process.argv.slice(2).map(Number)
const counts = given.length > 0 ? given : [10, 1000, 10_000, 100_000]
const root = new URL('../..', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'zpipes-bench-'))
const dataset = 'tank/home'

console.log('| snapshots | command | seconds | MiB | µs for each |\n|---|---|---|---|---|')
try {
  for (const count of counts) measure(count)
} finally {
  rmSync(folder, { recursive: true })
}

function measure(count) {
  const snapshots = Array.from({ length: count }, (_, index) => snapshotAt(index))
  writeZfs(snapshots)
  writeStore(join(folder, 'store'), snapshots)
  const commands = [
    ['list', dataset],
    ['prune', '-n', '--keep', 'last=10,hourly=36,daily=31,weekly=8,monthly=12', dataset],
    ['status', '--store', `file://${folder}/store`, '--crit-age', '9999w', '--warn-age', '9998w', dataset],
    ['report', '--html', '--store', `file://${folder}/store`, dataset],
  ]
  for (const words of commands) run(count, words, words[0])
  cpSync(join(folder, 'store'), join(folder, 'copy'), { recursive: true })
  rmSync(join(folder, 'store'), { recursive: true })
  run(count, ['report', '--html', '--store', `file://${folder}/copy`, dataset], 'report of a copied store')
  rmSync(join(folder, 'copy'), { recursive: true })
}

function snapshotAt(index) {
  const creation = 1767225600 + 60 * index
  const time = new Date(creation * 1000).toISOString().replace(/[-:]|\.000/g, '')
  return { name: `${dataset}@zsnap-${time}`, guid: 10n ** 18n + BigInt(index) * 7919n, txg: 1000 + index, creation }
}

/** A zfs that prints what it is asked for, whichever of the two ways it is asked in. */
function writeZfs(snapshots) {
  const rows = snapshots.map(({ name, guid, txg, creation }) => [name, guid, txg, creation, 512, 1024, 0, 777])
  writeFileSync(join(folder, 'list'), lines(rows))
  const properties = ['guid', 'createtxg', 'creation', 'used', 'referenced', 'userrefs', 'written']
  writeFileSync(
    join(folder, 'get'),
    lines(rows.flatMap(([name, ...values]) => properties.map((each, at) => [name, each, values[at]]))),
  )
  const script = `#!/bin/sh
case "$1 $*" in
  *name,origin*) printf '${dataset}\\t-\\n' ;;
  get*) exec cat ${folder}/get ;;
  *) exec cat ${folder}/list ;;
esac
`
  writeFileSync(join(folder, 'zfs'), script)
  chmodSync(join(folder, 'zfs'), 0o755)
}

function lines(rows) {
  return rows.map((row) => `${row.join('\t')}\n`).join('')
}

function writeStore(store, snapshots) {
  mkdirSync(join(store, 'tank'), { recursive: true })
  const hex = (guid) => guid.toString(16).padStart(16, '0')
  for (const [index, { name, guid, creation }] of snapshots.entries()) {
    const [file, before] = [join(store, name), snapshots[index - 1]]
    writeFileSync(file, 'x'.repeat(700))
    const source =
      before === undefined ? { isfull: 'true' } : { parent: before.name, 'zfs-from-guid': hex(before.guid) }
    const metadata = { 'zfs-guid': hex(guid), 'zfs-creation': String(creation), ...source }
    const published = new Date(creation * 1000).toISOString()
    const record = { schema: 1, size: 700, checksums: {}, metadata, published }
    const recordName = `.${name.slice('tank/'.length)}.${statSync(file).ino}.zpipes`
    writeFileSync(join(store, 'tank', recordName), `${JSON.stringify(record)}\n`)
  }
}

function run(count, words, what) {
  const start = performance.now()
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` }
  const command = ['-f', '%M', process.execPath, `${root}bin/zsnap`, ...words]
  const { status, stdout, stderr } = spawnSync('time', command, { env, maxBuffer: 1 << 29 })
  const seconds = (performance.now() - start) / 1000
  if (status !== 0 || stdout.length < 100) throw new Error(`zsnap ${words[0]} ended with ${status}: ${stderr}`)
  const mib = Number(stderr.toString().trim().split('\n').at(-1)) / 1024
  const cells = [count, `zsnap ${what}`, seconds.toFixed(2), mib.toFixed(0), ((seconds / count) * 1e6).toFixed(0)]
  console.log(`| ${cells.join(' | ')} |`)
}
