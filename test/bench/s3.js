// pput and pget beside other programs, through pipes, on a server that keeps up: node test/bench/s3.js [rounds] [MiB]
// Needs dist/ (npm run build), gcc and libssl-dev. Who of the others is not installed is named and left out: Debian has
// rclone, s3cmd and awscli (pip has newer ones), npm ci brings lib-storage.
import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { aim } from './aims.js'
import { makeStream } from './make-stream.js'
import { forgetSettings, memoryFolder } from './own-place.js'
import { race } from './race.js'
import { findPeers } from './s3-peers.js'
import { startSink } from './s3-server.js'

const rounds = Number(process.argv[2] ?? 5)
const bytes = Number(process.argv[3] ?? 2048) * 1024 * 1024
const bin = fileURLToPath(new URL('../../bin/', import.meta.url))
const folder = memoryFolder()

forgetSettings()

const gigabytes = writeStream(`${folder}/stream`) / 1e9
const endpoint = await startSink(folder)
const { found, missing } = findPeers(endpoint, folder)
const pput = `${bin}pput --overwrite --endpoint ${endpoint}`
const pget = `${bin}pget --endpoint ${endpoint}`
const input = `cat ${folder}/stream`
bash(`${input} | ${pput} s3://kept/stream && ${pget} s3://kept/stream | cmp - ${folder}/stream`)

console.log(`Node ${process.version}, ${cpus().length} cores; ${found.map(({ version }) => version).join('; ')}`)
if (missing.length > 0) console.log(`not installed: ${missing.join(', ')}`)
const ours = { put: 'pput, every record and part checked', get: 'pget, the whole compared' }

compare(
  ours.put,
  { speed: 1.5, cpu: 0.6 },
  race('cat stream | …', gigabytes, rounds, [
    { name: ours.put, command: `${input} | $TIME ${pput} s3://away/pput` },
    ...found.map(({ name, put }) => ({ name, command: `${input} | $TIME ${put}` })),
  ]),
)
const unchecked = 'pget --no-verify'
compare(
  ours.get,
  { speed: 1 },
  race('… | cat > /dev/null', gigabytes, rounds, [
    { name: ours.get, command: `$TIME ${pget} s3://kept/stream | cat > /dev/null` },
    { name: unchecked, command: `$TIME ${pget} --no-verify s3://kept/stream | cat > /dev/null` },
    ...found.map(({ name, get }) => ({ name, command: `$TIME ${get} | cat > /dev/null` })),
  ]),
)

/** With whoever else is fastest. @param {string} name @param {{ speed: number, cpu?: number }} aims @param {Map<string, import('./race.js').Run>} medians */
function compare(name, aims, medians) {
  const own = medians.get(name)
  const others = [...medians].filter(([other]) => !/^(pput|pget)\b/.test(other))
  const [best] = others.sort(([, a], [, b]) => a.seconds - b.seconds)
  if (own === undefined || best === undefined) return
  const [peer, { seconds, cpuSeconds }] = best
  const program = name.slice(0, 4)
  console.log()
  aim(`${program}: times the speed of the fastest other, ${peer}`, seconds / own.seconds, 'at least', aims.speed)
  if (aims.cpu !== undefined) aim(`${program}: times its CPU`, own.cpuSeconds / cpuSeconds, 'at most', aims.cpu)
  aim(`${program}: MiB of memory`, own.rssMib, 'at most', 160)
}

/** @param {string} file @returns {number} bytes */
function writeStream(file) {
  const stream = makeStream(bytes, 128 * 1024)
  // A single write takes less than 2 GiB.
  for (let at = 0; at < stream.length; at += 2 ** 30) appendFileSync(file, stream.subarray(at, at + 2 ** 30))
  return stream.length
}

/** @param {string} command */
function bash(command) {
  execFileSync('bash', ['-o', 'pipefail', '-c', command], { stdio: ['ignore', 'ignore', 'inherit'] })
}
