// How time and memory grow with the number of chunks: node test/bench/growth-chunkwatch.js [count ...]
// Needs dist/ (npm run build).
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runOnce } from './race.js'

const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10, 1000, 10_000, 100_000]
const chunkwatch = fileURLToPath(new URL('../../bin/chunkwatch', import.meta.url))
// A folder in memory: the programs are compared, not disks.
const folder = mkdtempSync('/dev/shm/zpipes-bench-')
process.on('exit', () => rmSync(folder, { recursive: true }))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))
process.env.ZPIPES_CONFIG = '/dev/null'

console.log(`Node ${process.version}, chunks of 100 bytes to a directory\n`)
console.log('| chunks | s | ms for each | CPU s | RSS MiB |\n|---|---|---|---|---|')
for (const count of counts) {
  const [chunks, there] = [`${folder}/${count}`, `${folder}/${count}.there`]
  for (const each of [chunks, there]) mkdirSync(each)
  for (let index = 0; index < count; index++) {
    writeFileSync(`${chunks}/x${String(index).padStart(7, '0')}`, String(index).padStart(100))
  }
  const command = `$TIME ${chunkwatch} -q --once --settle 0s ${chunks} file://${there}`
  const { seconds, cpuSeconds, rssMib } = runOnce({ name: `${count} chunks`, command })
  const cells = [
    count,
    seconds.toFixed(1),
    ((seconds * 1000) / count).toFixed(2),
    cpuSeconds.toFixed(1),
    rssMib.toFixed(0),
  ]
  console.log(`| ${cells.join(' | ')} |`)
  execFileSync('rm', ['-r', chunks, there])
}
