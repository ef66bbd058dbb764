// How time and memory grow with the number of chunks: node test/bench/growth-chunkwatch.js [count ...]
// Needs dist/ (npm run build).
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { forgetSettings, memoryFolder } from './own-place.js'
import { runOnce } from './race.js'

const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10, 1000, 10_000, 100_000]
const chunkwatch = fileURLToPath(new URL('../../bin/chunkwatch', import.meta.url))
const folder = memoryFolder()
forgetSettings()

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
