// chunkwatch beside one rclone for each file and rclone move: node test/bench/chunkwatch.js [rounds] [small|large|latency] [directory|S3]
// Needs dist/ (npm run build), rclone, gcc and libssl-dev.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { aim, speedup } from './aims.js'
import { forgetSettings, memoryFolder } from './own-place.js'
import { median, race } from './race.js'
import { startSink } from './s3-server.js'

const rounds = Number(process.argv[2] ?? 3)
const [, , , onlyWhat, onlyWhere] = process.argv
const mib = 1024 * 1024
const bin = fileURLToPath(new URL('../../bin/', import.meta.url))
const folder = memoryFolder()
forgetSettings()

const chunks = `${folder}/chunks`
const there = `${folder}/there`
const endpoint = await startSink(folder)
const places = [
  { name: 'directory', ours: `file://${there}`, options: '', remote: `:local:${there}` },
  {
    name: 'S3',
    ours: 's3://away/snap-$RANDOM',
    options: `--endpoint ${endpoint}`,
    remote: `:s3,provider=Other,env_auth=true,force_path_style=true,no_check_bucket=true,endpoint='${endpoint}':away/snap-$RANDOM`,
  },
]

// What a script does that ships chunk by chunk, 30 at once: copy, ask for the checksum, compare, remove. It does not wait
// to see whether a file still grows, which takes such scripts seconds more.
const perFile = `${folder}/per-file`
writeFileSync(
  perFile,
  `file=$1 remote=$2
rclone -q copyto "$file" "$remote/\${file##*/}" || exit
there=$(rclone -q md5sum "$remote/\${file##*/}") && here=$(md5sum < "$file") && test "\${there%% *}" = "\${here%% *}" && rm "$file"
`,
)

const perFileName = 'rclone copyto and md5sum per file, 30 at once'
const moveName = 'rclone move --transfers 30'
const version = execFileSync('rclone', ['version']).toString().split('\n')[0]
console.log(`Node ${process.version}, ${version}, ${cpus().length} cores`)
for (const place of places.filter(({ name }) => (onlyWhere ?? name) === name)) {
  if ((onlyWhat ?? 'small') === 'small') compare(place, 500, 1)
  if ((onlyWhat ?? 'large') === 'large') compare(place, 20, 64)
  if ((onlyWhat ?? 'latency') === 'latency') await measureLatency(place)
}

/** @param {typeof places[number]} place @param {number} count @param {number} size in MiB */
function compare({ name, ours, options, remote }, count, size) {
  const cut = `head -c ${size}M /dev/urandom > ${folder}/one; for i in $(seq -w ${count}); do cp ${folder}/one ${chunks}/x$i; done`
  const fresh = `rm -rf ${chunks} ${there}; mkdir ${chunks} ${there}; ${cut}`
  execFileSync('bash', ['-c', fresh])
  const isEmpty = `&& test -z "$(ls ${chunks} | grep ^x)"`
  const shipEach = `ls ${chunks} | $TIME xargs -P 30 -I {} bash ${perFile} ${chunks}/{} "${remote}" ${isEmpty}`
  const medians = race(`${count} chunks of ${size} MiB to ${name}`, (count * size * mib) / 1e9, rounds, [
    {
      name: 'chunkwatch',
      command: `$TIME ${bin}chunkwatch -q --once --settle 0s ${options} ${chunks} ${ours} ${isEmpty}`,
      after: fresh,
    },
    ...(size === 1 ? [{ name: perFileName, command: shipEach, after: fresh }] : []),
    {
      name: moveName,
      command: `$TIME rclone -q move --transfers 30 ${chunks} "${remote}" ${isEmpty}`,
      after: fresh,
    },
  ])
  const cpu = (/** @type {string} */ contestant) => medians.get(contestant)?.cpuSeconds ?? Number.NaN
  console.log()
  if (size === 1)
    aim(`${name}: times the speed of one rclone per file`, speedup(medians, 'chunkwatch', perFileName), 'at least', 5)
  else aim(`${name}: times the speed of rclone move`, speedup(medians, 'chunkwatch', moveName), 'at least', 1)
  aim(`${name}, ${size} MiB: times the CPU of rclone move`, cpu('chunkwatch') / cpu(moveName), 'at most', 1)
}

/** From the rename of a chunk, or from its successor's beginning, to its line. @param {typeof places[number]} place */
async function measureLatency({ name, ours, options }) {
  for (const how of ['renamed into place', 'followed by its successor']) {
    for (const each of [chunks, there]) {
      rmSync(each, { recursive: true, force: true })
      mkdirSync(each)
    }
    const words = [
      '--settle=1h',
      ...options.split(' ').filter(Boolean),
      `--stream=${how.slice(0, 3)}`,
      chunks,
      ours.replace('$RANDOM', 'latency'),
    ]
    const watch = spawn(`${bin}chunkwatch`, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    /** @type {Map<string, number>} */
    const complete = new Map()
    /** @type {number[]} */
    const latencies = []
    watch.stdout.on('data', (lines) => {
      for (const line of String(lines).trim().split('\n')) {
        latencies.push(performance.now() - (complete.get(line.slice(34)) ?? Number.NaN))
      }
    })
    await sleep(2000)
    const bytes = Buffer.alloc(mib, 7)
    for (let index = 100; index < 200; index++) {
      const file = `${chunks}/x${index}`
      bytes.writeUInt32LE(index)
      if (how.startsWith('renamed')) {
        writeFileSync(`${folder}/one`, bytes)
        renameSync(`${folder}/one`, file)
        complete.set(`x${index}`, performance.now())
      } else {
        complete.set(`x${index - 1}`, performance.now())
        writeFileSync(file, bytes)
      }
      await sleep(50)
    }
    for (let tries = 0; latencies.length < 99 && tries < 100; tries++) await sleep(100)
    watch.kill('SIGINT')
    await once(watch, 'close')
    const worst = Math.max(...latencies)
    console.log()
    const what = `${name}, 1 MiB ${how}: ms from complete to proven, median of ${latencies.length} (longest ${worst.toFixed(0)})`
    aim(what, median(latencies), 'at most', 1000)
  }
}
