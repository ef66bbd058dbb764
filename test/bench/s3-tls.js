// pget beside other programs over TLS, as nearly all S3 is reached: node test/bench/s3-tls.js [rounds] [MiB]
// As test/bench/s3.js; the server has a certificate of its own making, which all are told to trust.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { aimsOfS3 } from './aims.js'
import { writeStream } from './make-stream.js'
import { forgetSettings, memoryFolder } from './own-place.js'
import { race } from './race.js'
import { findPeers } from './s3-peers.js'
import { certificate, startSinks } from './s3-server.js'

const rounds = Number(process.argv[2] ?? 5)
const bytes = Number(process.argv[3] ?? 2048) * 1024 * 1024
const bin = fileURLToPath(new URL('../../bin/', import.meta.url))
const folder = memoryFolder()

forgetSettings()
process.env.NODE_EXTRA_CA_CERTS = certificate

const gigabytes = writeStream(`${folder}/stream`, bytes) / 1e9
const { http, https } = await startSinks(folder)
const pget = `${bin}pget --endpoint ${https}`
const check = `${bin}pput --overwrite --endpoint ${http} s3://kept/stream <${folder}/stream && ${pget} s3://kept/stream | cmp - ${folder}/stream`
execFileSync('bash', ['-o', 'pipefail', '-c', check], { stdio: ['ignore', 'ignore', 'inherit'] })

// The others have told already what they take by plain HTTP.
const peers = findPeers(https, folder, certificate).found.filter(({ name }) => /^(aws|rclone)/.test(name))
const name = 'pget over TLS, the whole compared'
const medians = race('over TLS: … | cat > /dev/null', gigabytes, rounds, [
  { name, command: `$TIME ${pget} s3://kept/stream | cat > /dev/null` },
  { name: 'pget --no-verify', command: `$TIME ${pget} --no-verify s3://kept/stream | cat > /dev/null` },
  ...peers.map((peer) => ({ name: peer.name, command: `$TIME ${peer.get} | cat > /dev/null` })),
])
aimsOfS3(name, { speed: 1 }, medians)
