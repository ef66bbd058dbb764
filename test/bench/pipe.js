// What the way through pput and pget costs beside plain cat, on tmpfs: node test/bench/pipe.js [rounds] [MiB]
import { appendFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { aim, speedup } from './aims.js'
import { makeStream } from './make-stream.js'
import { memoryFolder } from './own-place.js'
import { race } from './race.js'

const rounds = Number(process.argv[2] ?? 7)
const bytes = Number(process.argv[3] ?? 3072) * 1024 * 1024
const bin = fileURLToPath(new URL('../../bin/', import.meta.url))
const folder = memoryFolder()

const stream = makeStream(bytes, 128 * 1024)
// A single write takes less than 2 GiB.
for (let at = 0; at < stream.length; at += 2 ** 30) {
  appendFileSync(`${folder}/stream`, stream.subarray(at, at + 2 ** 30))
}
const gigabytes = stream.length / 1e9
const key = `file://${folder}/object`
const after = `rm -f ${folder}/object ${folder}/.object.*`

const up = race('cat stream | … into tmpfs', gigabytes, rounds, [
  { name: 'cat > file', command: `cat ${folder}/stream | cat > ${folder}/object`, after },
  {
    name: 'pput, no checks (--format bytes --no-read-back)',
    command: `cat ${folder}/stream | ${bin}pput --format bytes --no-read-back ${key}`,
    after,
  },
  { name: 'pput, all checks (as it is)', command: `cat ${folder}/stream | ${bin}pput ${key}`, after },
])

race('… | cat > /dev/null', gigabytes, rounds, [
  { name: 'cat', command: `cat ${folder}/stream | cat > /dev/null` },
  {
    name: 'pget, no checks (--no-verify)',
    command: `${bin}pget --no-verify file://${folder}/stream | cat > /dev/null`,
  },
  {
    name: 'pget, ZFS check alone (a file without a record)',
    command: `${bin}pget file://${folder}/stream | cat > /dev/null`,
  },
])

console.log()
aim(
  "pput's speed beside cat, without checks",
  speedup(up, 'pput, no checks (--format bytes --no-read-back)', 'cat > file'),
  'at least',
  0.8,
)
aim(
  "pput's speed beside cat, with all checks",
  speedup(up, 'pput, all checks (as it is)', 'cat > file'),
  'at least',
  0.6,
)
