// How the cost of comparing both ends grows with the datasets: `node test/bench/growth-zfsync.js [datasets]…`, after
// `npm run build`. zfs is a program of this bench that prints lists as OpenZFS does, where no real pool could have so many,
// so that the time is node's and ours. Both ends list, tell, compare and plan; nothing is sent. Prints seconds of the wall
// clock, and MiB of the sender and of the receiver, of one run each.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { memoryFolder } from './own-place.js'

const snapshots = 10
const given = process.argv.slice(2).map(Number)
const counts = given.length > 0 ? given : [10, 100, 500, 2000]
const repository = new URL('../..', import.meta.url).pathname
const folder = memoryFolder()

// Which of the source's datasets the replica has, and by which names; and whether the source has them.
const cases = new Map([
  ['in sync', { nameOf: (/** @type {number} */ each) => `d${each}`, isThere: true }],
  ['all renamed', { nameOf: (/** @type {number} */ each) => `was-d${each}`, isThere: true }],
  ['all missing', { nameOf: () => undefined, isThere: true }],
  ['all gone', { nameOf: (/** @type {number} */ each) => `d${each}`, isThere: false }],
])

writeZfs()
console.log(`| datasets x ${snapshots} snapshots | | seconds | MiB, sender | MiB, receiver | us for each |`)
console.log('|---|---|---|---|---|---|')
for (const count of counts) for (const [name, each] of cases) measure(count, name, each)

function writeZfs() {
  mkdirSync(join(folder, 'bin'))
  const script = `#!/bin/sh
case "$1 $#" in
'send 1') echo 'usage: send [-DLPbcehnpsVvw]' >&2; exit 2;;
'receive 1') echo 'usage: receive [-vMnsFhu] [-o <property>=<value>] ... [-x <property>]' >&2; exit 2;;
list*) for root; do case $root in tank/*) cat ${folder}/source;; *.zfsyncbuffer) ;; backup/*) cat ${folder}/replica;; esac; done;;
esac
`
  writeFileSync(join(folder, 'bin/zfs'), script)
  chmodSync(join(folder, 'bin/zfs'), 0o755)
}

/**
 * @param {number} count @param {string} what
 * @param {{ nameOf: (each: number) => string | undefined, isThere: boolean }} which
 */
function measure(count, what, { nameOf, isThere }) {
  const all = Array.from({ length: count }, (_, each) => each)
  const here = all.map((each) => /** @type {const} */ ([each, isThere ? `d${each}` : undefined]))
  writeFileSync(join(folder, 'source'), rowsOf('tank/data', here, ''))
  writeFileSync(
    join(folder, 'replica'),
    rowsOf(
      'backup/data',
      all.map((each) => /** @type {const} */ ([each, nameOf(each)])),
      '\t0\t-',
    ),
  )
  const recv = `/usr/bin/time -o ${folder}/recv -f %M zfsync-recv backup/data`
  const words = ['-o', `${folder}/send`, '-f', '%e %M', 'zfsync-send', '-n', '--timeout', '600s', '--via', recv]
  const PATH = `${folder}/bin:${repository}bin:${process.env['PATH']}`
  const env = { ...process.env, PATH }
  const { status, stderr } = spawnSync('/usr/bin/time', [...words, 'tank/data'], { env, maxBuffer: 1 << 28 })
  if (status !== 0) throw new Error(`zfsync-send ended with ${status}: ${stderr.toString().slice(-1000)}`)
  const [seconds = 0, sent = 0] = said('send')
  const [received = 0] = said('recv')
  const cells = [count, what, seconds.toFixed(2), mebibytes(sent), mebibytes(received), (1e6 * seconds) / count]
  console.log(`| ${cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(0) : cell)).join(' | ')} |`)
}

/**
 * What `zfs list -Hp` prints of a root and of the datasets in it, by number and name; `more`: the columns of replicas.
 * @param {string} root @param {readonly (readonly [each: number, name: string | undefined])[]} names @param {string} more
 */
function rowsOf(root, names, more) {
  const rows = (/** @type {string} */ name, /** @type {number} */ each) => {
    const points = Array.from(
      { length: snapshots },
      (_, at) => `${name}@s${at}\tsnapshot\t${1 + each * snapshots + at}\t${at + 1}\t-\t-${more}\n`,
    )
    return [`${name}\tfilesystem\t${each + 1}\t1\t-\toff${more}\n`, ...points].join('')
  }
  return (
    rows(root, 1e6) + names.map(([each, name]) => (name === undefined ? '' : rows(`${root}/${name}`, each))).join('')
  )
}

/** The numbers in the last line that `time` has written. @param {string} name */
function said(name) {
  const lines = readFileSync(join(folder, name), 'utf8').trim().split('\n')
  return (lines.at(-1) ?? '').split(' ').map(Number)
}

/** @param {number} kib */
function mebibytes(kib) {
  return (kib / 1024).toFixed(0)
}
