// How dsync's time and memory grow with the number of files, beside one rsync: node test/bench/growth-dsync.js [most]
// Empty files on tmpfs, 1000 in a folder, from a thousand to `most` (a million by default), ten times as many each time.

import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { memoryFolder } from './own-place.js'

const most = Number(process.argv[2] ?? 1_000_000)
const dsync = fileURLToPath(new URL('../../bin/dsync', import.meta.url))
const folder = memoryFolder()

const [source, target] = [`${folder}/src`, `${folder}/dst`]
let made = 0
for (let count = 1000; count <= most; count *= 10) {
  for (; made < count; made += 1) {
    const place = `${source}/${Math.floor(made / 1000)}`
    if (made % 1000 === 0) mkdirSync(place, { recursive: true })
    closeSync(openSync(`${place}/file ${made}`, 'w'))
  }
  measure(count, 'rsync -aAX', `rsync -aAX ${source}/ ${target}/`)
  measure(count, 'dsync -n 2', `${dsync} -q -n 2 --working-dir ${folder}/work ${source}/ ${target}/`)
}

/** Time, CPU and memory of one run, the memory of its largest process. @param {number} count @param {string} name @param {string} command */
function measure(count, name, command) {
  const words = ['-f', '%e %U %S %M', 'bash', '-c', command]
  const { status, stderr } = spawnSync('/usr/bin/time', words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${name}: ended with status ${status}: ${stderr}`)
  const [seconds = 0, user = 0, system = 0, kib = 0] = stderr.trim().split(' ').map(Number)
  const each = (/** @type {number} */ value) => ((1e6 * value) / count).toFixed(0)
  const costs = `${seconds} s, ${each(seconds)} us a file, CPU ${each(user + system)} us a file`
  console.log(`${count} files, ${name}: ${costs}, ${(kib / 1024).toFixed(0)} MiB`)
  rmSync(target, { recursive: true })
}
