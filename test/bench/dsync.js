// dsync beside one rsync, Debian's fpsync and a part-by-part copy without waiting turns, on tmpfs, and where each file
// waits for a network: node test/bench/dsync.js [rounds] [share of the full size, 0 to 1]
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { race } from './race.js'

const rounds = Number(process.argv[2] ?? 3)
const share = Number(process.argv[3] ?? 1)
const dsync = fileURLToPath(new URL('../../bin/dsync', import.meta.url))
const folder = mkdtempSync('/dev/shm/zpipes-bench-')
process.on('exit', () => rmSync(folder, { recursive: true }))

const [source, target] = [`${folder}/src`, `${folder}/dst`]
const after = `rm -rf ${target} ${folder}/fpsync ${folder}/chunk*`
const hasFpsync = spawnSync('fpsync', ['-h']).error === undefined
const files = Math.round(100_000 * share)
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
  race(title, gigabytes, rounds, [
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
    {
      name: 'fpart -n 2, two rsync (and none for empty folders)',
      command: `cd ${source} && fpart -n 2 -o ${folder}/chunk . >/dev/null 2>&1; cd /; mkdir -p ${target}; for c in ${folder}/chunk.*; do rsync ${flags} --files-from $c ${source}/ ${target}/ & done; wait`,
      after,
    },
    { name: 'dsync -n 2', command: ours(2), after },
    { name: 'dsync -n 8', command: ours(8), after },
  ])
}

/** One name after the other takes `seconds` for each file, as where every file costs latency. @param {number} seconds */
function compareWithLatency(seconds) {
  const shim = `${folder}/shim`
  mkdirSync(shim, { recursive: true })
  // Stands for rsync to a place far away: the real one, that then waits for each file that it was given.
  const real = spawnSync('sh', ['-c', 'command -v rsync'], { encoding: 'utf8' }).stdout.trim()
  writeFileSync(
    `${shim}/rsync`,
    `#!/bin/bash\n${real} "$@" > ${shim}/out.$$\nstatus=$?\ncat ${shim}/out.$$\nn=$(grep -c '^>f' ${shim}/out.$$)\nsleep $(echo "$n * ${seconds}" | bc)\nrm ${shim}/out.$$\nexit $status\n`,
  )
  chmodSync(`${shim}/rsync`, 0o755)
  const count = Math.round(20_000 * share)
  const gigabytes = makeFiles(count, 4096, 'far/')
  const environment = `PATH=${shim}:$PATH`
  race(`${count} files of 4 KiB, each ${seconds * 1000} ms away`, gigabytes, rounds, [
    { name: 'rsync', command: `${environment} rsync -aAX --out-format='%i %l %n' ${source}/ ${target}/`, after },
    ...[2, 4, 8].map((workers) => ({
      name: `dsync -n ${workers}`,
      command: `${environment} ${dsync} -q -n ${workers} --working-dir ${folder}/work ${source}/ ${target}/`,
      after,
    })),
  ])
}

const small = makeFiles(files, 4096, 'small/')
compare(`${files} files of 4 KiB`, small)
const large = makeFiles(largeFiles, 256 * 1024 * 1024, 'large/')
compare(`${files} files of 4 KiB and ${largeFiles} of 256 MiB`, small + large)
rmSync(`${source}/small`, { recursive: true })
compare(`${largeFiles} files of 256 MiB`, large)
rmSync(source, { recursive: true })
compareWithLatency(0.001)
