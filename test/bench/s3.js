// pput and pget beside other programs, through pipes, on a server that keeps up: node test/bench/s3.js [rounds] [MiB]
// Needs dist/ (npm run build), gcc and libssl-dev. Who of the others is not installed is named and left out: Debian has
// rclone, s3cmd and awscli (pip has newer ones), npm ci brings lib-storage.
import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { aimsOfS3 } from './aims.js'
import { writeStream } from './make-stream.js'
import { forgetSettings, memoryFolder } from './own-place.js'
import { race } from './race.js'
import { findPeers } from './s3-peers.js'
import { startSink } from './s3-server.js'

const rounds = Number(process.argv[2] ?? 5)
const bytes = Number(process.argv[3] ?? 2048) * 1024 * 1024
const bin = fileURLToPath(new URL('../../bin/', import.meta.url))
const folder = memoryFolder()

forgetSettings()

const gigabytes = writeStream(`${folder}/stream`, bytes) / 1e9
const endpoint = await startSink(folder)
const { found, missing } = findPeers(endpoint, folder)
const pput = `${bin}pput --overwrite --endpoint ${endpoint}`
const pget = `${bin}pget --endpoint ${endpoint}`
const input = `cat ${folder}/stream`
bash(`${input} | ${pput} s3://kept/stream && ${pget} s3://kept/stream | cmp - ${folder}/stream`)

console.log(`Node ${process.version}, ${cpus().length} cores; ${found.map(({ version }) => version).join('; ')}`)
if (missing.length > 0) console.log(`not installed: ${missing.join(', ')}`)
const ours = { put: 'pput, every record and part checked', get: 'pget, the whole compared' }

aimsOfS3(
  ours.put,
  { speed: 1.5, cpu: 0.6 },
  race('cat stream | …', gigabytes, rounds, [
    { name: ours.put, command: `${input} | $TIME ${pput} s3://away/pput` },
    ...found.map(({ name, put }) => ({ name, command: `${input} | $TIME ${put}` })),
  ]),
)
const unchecked = 'pget --no-verify'
aimsOfS3(
  ours.get,
  { speed: 1 },
  race('… | cat > /dev/null', gigabytes, rounds, [
    { name: ours.get, command: `$TIME ${pget} s3://kept/stream | cat > /dev/null` },
    { name: unchecked, command: `$TIME ${pget} --no-verify s3://kept/stream | cat > /dev/null` },
    ...found.map(({ name, get }) => ({ name, command: `$TIME ${get} | cat > /dev/null` })),
  ]),
)

/** @param {string} command */
function bash(command) {
  execFileSync('bash', ['-o', 'pipefail', '-c', command], { stdio: ['ignore', 'ignore', 'inherit'] })
}
