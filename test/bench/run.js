// Runs the benchmarks whose tables the README shows, and writes what they print into it: npm run bench [-- WORD…].
// The README is the list: between `<!-- bench: COMMAND -->` and `<!-- end -->` stands what COMMAND printed.
// With words, only the commands that contain one of them are run.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const readme = `${root}README.md`
const wanted = process.argv.slice(2)
const block = /(<!-- bench: (.+?) -->\n)(.*?)(<!-- end -->)/gs
// One alone may take this long; together they stay under 20 minutes.
const limitMs = 400_000

const commands = [...readFileSync(readme, 'utf8').matchAll(block)].map(([, , command = '']) => command)
const results = commands.filter(isWanted).map(measure)
for (const line of results.flatMap(({ aims }) => aims).filter((each) => !each.endsWith(': met'))) console.log(line)
const aims = results.flatMap((result) => result.aims)
const count = (/** @type {string} */ verdict) => aims.filter((line) => line.endsWith(`: ${verdict}`)).length
const failed = results.filter(({ status }) => status !== 0)
for (const { command, status } of failed) console.log(`${command}: ended with status ${status}`)
console.log(`${count('met')} aims met, ${count('missed')} missed, ${count('not measured')} not measured`)
process.exitCode = failed.length === 0 ? 0 : 1

/** @param {string} command */
function isWanted(command) {
  return wanted.length === 0 || wanted.some((word) => command.includes(word))
}

/** Runs a command, and writes what it printed into the README if it ended well. @param {string} command */
function measure(command) {
  console.log(`== ${command}`)
  const began = performance.now()
  const stdio = /** @type {['ignore', 'pipe', 'inherit']} */ (['ignore', 'pipe', 'inherit'])
  const { stdout, status, signal } = spawnSync('bash', ['-c', command], {
    cwd: root,
    stdio,
    encoding: 'utf8',
    timeout: limitMs,
  })
  console.log(`${stdout}== ${command}: ${((performance.now() - began) / 1000).toFixed(0)} s`)
  if (status === 0) write(command, stdout)
  return { command, status: status ?? signal, aims: stdout.split('\n').filter((line) => line.startsWith('- ')) }
}

/** @param {string} command @param {string} printed */
function write(command, printed) {
  const text = readFileSync(readme, 'utf8')
  const renewed = text.replace(block, (whole, head, ofBlock, _old, tail) =>
    ofBlock === command ? `${head}\n${printed.trim()}\n\n${tail}` : whole,
  )
  writeFileSync(readme, renewed)
}
