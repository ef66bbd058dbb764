// What pput and pget take for each GiB as objects grow: node test/bench/growth-s3.js [GiB…]. Zeros, to and from the server of
// the S3 benchmarks, which keeps no zeros.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { forgetSettings, memoryFolder } from './own-place.js'
import { startSink } from './s3-server.js'

const sizes = process.argv.slice(2).map(Number)
const gibs = sizes.length > 0 ? sizes : [1, 4, 16, 64]
const bin = fileURLToPath(new URL('../../bin/', import.meta.url))
const folder = memoryFolder()

forgetSettings()
const endpoint = await startSink(folder)
const pput = `${bin}pput --format bytes --overwrite --endpoint ${endpoint}`
const pget = `${bin}pget --format bytes --endpoint ${endpoint}`

console.log('| | s/GiB | CPU s/GiB | RSS MiB |\n|---|---|---|---|')
for (const gib of gibs) {
  tell(`pput, ${gib} GiB`, gib, `head -c ${gib}G /dev/zero | $TIME ${pput} s3://kept/k`)
  tell(`pget, ${gib} GiB`, gib, `$TIME ${pget} s3://kept/k | cat > /dev/null`)
}

/** @param {string} name @param {number} gib @param {string} command */
function tell(name, gib, command) {
  run(command)
  const [seconds = 0, user = 0, system = 0, kib = 0] = readFileSync(`${folder}/time`, 'utf8')
    .trim()
    .split(',')
    .map(Number)
  const cells = [seconds / gib, (user + system) / gib].map((value) => value.toFixed(2))
  console.log(`| ${[name, ...cells, (kib / 1024).toFixed(0)].join(' | ')} |`)
}

/** @param {string} command */
function run(command) {
  const env = { ...process.env, TIME: `/usr/bin/time -o ${folder}/time -f %e,%U,%S,%M` }
  const { status } = spawnSync('bash', ['-o', 'pipefail', '-c', command], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) throw new Error(`${command}: ended with status ${status}`)
}
