// dsync beside one rsync, Debian's fpsync and a part-by-part copy without waiting turns, on tmpfs, and to S3 where each
// file waits for a network: node test/bench/dsync.js [rounds] [share of large files, 0 to 1] [here|far|all] [small files] [far files]
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { aim, speedup } from './aims.js'
import { memoryFolder } from './own-place.js'
import { race } from './race.js'
import { startSink } from './s3-server.js'

const rounds = Number(process.argv[2] ?? 3)
const share = Number(process.argv[3] ?? 1)
const what = process.argv[4] ?? 'all'
const dsync = fileURLToPath(new URL('../../bin/dsync', import.meta.url))
const folder = memoryFolder()

const [source, target] = [`${folder}/src`, `${folder}/dst`]
const after = `rm -rf ${target} ${folder}/fpsync ${folder}/chunk*`
const [hasFpsync, hasFpart] = ['fpsync', 'fpart'].map((program) => spawnSync(program, ['-h']).error === undefined)
const [files, farFiles] = [Number(process.argv[5] ?? 100_000), Number(process.argv[6] ?? 4000)]
const largeFiles = Math.max(2, Math.round(20 * share))

/** @param {number} count @param {number} bytes @param {string} prefix */
function makeFiles(count, bytes, prefix) {
  const content = Buffer.alloc(bytes, 'zpipes')
  for (let index = 0; index < count; index += 1) {
    const place = `${source}/${prefix}${index % 100}`
    if (index < 100) mkdirSync(place, { recursive: true })
    writeFileSync(`${place}/file ${index}`, content)
  }
  return (count * bytes) / 1e9
}

/** @param {string} title @param {number} gigabytes */
function compare(title, gigabytes) {
  const flags = '-aAX'
  /** @param {number} workers */
  const ours = (workers) => `${dsync} -q -n ${workers} --working-dir ${folder}/work ${source}/ ${target}/`
  const medians = race(title, gigabytes, rounds, [
    { name: 'rsync -aAX', command: `rsync ${flags} ${source}/ ${target}/`, after },
    ...(hasFpsync
      ? [
          {
            name: 'fpsync -n 2',
            command: `mkdir -p ${target}; fpsync -n 2 -o "-lptgoDAX --numeric-ids" -d ${folder}/fpsync ${source}/ ${target}/`,
            after,
          },
        ]
      : []),
    ...(hasFpart
      ? [
          {
            name: 'fpart -n 2, two rsync (and none for empty folders)',
            command: `cd ${source} && fpart -n 2 -o ${folder}/chunk . >/dev/null 2>&1; cd /; mkdir -p ${target}; for c in ${folder}/chunk.*; do rsync ${flags} --files-from $c ${source}/ ${target}/ & done; wait`,
            after,
          },
        ]
      : []),
    { name: 'dsync -n 2', command: ours(2), after },
    { name: 'dsync -n 8', command: ours(8), after },
  ])
  const other = Math.max(speedup(medians, 'fpsync -n 2', 'rsync -aAX') || 0, 1)
  console.log()
  aim(
    `${title}: times the speed of the better of rsync and fpsync`,
    speedup(medians, 'dsync -n 2', 'rsync -aAX') / other,
    'at least',
    1,
  )
}

/** To S3, each answer so many ms away: an existing object is looked for, and a new one written, for each file. @param {number} ms */
async function compareWithLatency(ms) {
  const remote = await startFarStore(ms)
  const gigabytes = makeFiles(farFiles, 4096, 'far/')
  // Each run writes to a place of its own.
  const to = `":s3,provider=Other,env_auth=true,force_path_style=true,endpoint='${remote}':bucket/$RANDOM$RANDOM"`
  // With -n 1 it is one rclone at a time: `rclone copy` alone took as long, within 3 %.
  const runners = [1, 2, 4, 8].map((workers) => ({
    name: `dsync -n ${workers}`,
    command: `${dsync} -q -n ${workers} --cloud --working-dir ${folder}/work ${source}/ ${to}`,
  }))
  const medians = race(`${farFiles} files of 4 KiB to S3, ${ms} ms away`, gigabytes, rounds, runners)
  const seconds = (/** @type {number} */ workers) => medians.get(`dsync -n ${workers}`)?.seconds ?? Number.NaN
  console.log()
  for (const workers of [2, 4, 8])
    aim(`-n ${workers}: times as fast as -n 1`, seconds(1) / seconds(workers), 'at least', 0.8 * workers)
}

/** A store whose answers come so many ms later; resolves to its URL. @param {number} ms */
async function startFarStore(ms) {
  const { port } = new URL(await startSink(folder))
  const program = fileURLToPath(new URL('delay-relay.js', import.meta.url))
  const relay = spawn(process.execPath, [program, port, String(ms / 2)], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.on('exit', () => relay.kill())
  const [ownPort] = await once(relay.stdout, 'data')
  relay.unref()
  relay.stdout.destroy()
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench', AWS_REGION: 'us-east-1' })
  delete process.env['AWS_CA_BUNDLE']
  return `http://127.0.0.1:${String(ownPort).trim()}`
}

if (what !== 'far') compareHere()
if (what !== 'here') await compareWithLatency(20)

function compareHere() {
  const small = makeFiles(files, 4096, 'small/')
  compare(`${files} files of 4 KiB`, small)
  const large = makeFiles(largeFiles, 256 * 1024 * 1024, 'large/')
  compare(`${files} files of 4 KiB and ${largeFiles} of 256 MiB`, small + large)
  rmSync(`${source}/small`, { recursive: true })
  compare(`${largeFiles} files of 256 MiB`, large)
  rmSync(source, { recursive: true })
}
