// The CPU that a program takes before it does anything: `node test/bench/start-up.js [rounds]`, after `npm run build`.
// Prints medians of user and system time together; the rounds of all are interleaved.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { median } from './race.js'

const rounds = Number(process.argv[2] ?? 15)
const root = new URL('../..', import.meta.url).pathname
const bin = (program) => `${root}bin/${program}`

const yargs = "import yargs from 'yargs'; yargs(['x']).options({ a: { type: 'string' } }).parse()"
const contestants = new Map([
  ['node alone', ['-e', '0']],
  ['node and yargs', ['--input-type=module', '-e', yargs]],
  ...readdirSync(`${root}bin`).flatMap((program) => [
    [`${program} --help`, [bin(program), '--help']],
    [`${program} (arguments read, then refused)`, [bin(program), '--store=ftp://x', 'key']],
  ]),
])

const samples = new Map([...contestants.keys()].map((name) => [name, []]))
for (let round = 0; round < rounds; round += 1) {
  for (const [name, words] of contestants) samples.get(name).push(cpuMsOf(words))
}
console.log(
  `What a program takes to start: medians of ${rounds} rounds, interleaved\n\n| | CPU ms | lowest | highest |\n|---|---|---|---|`,
)
for (const [name, each] of samples) {
  const cells = [median(each), Math.min(...each), Math.max(...each)].map((value) => value.toFixed(0))
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}

/** The second line of bash's `times` is what its children took: `0m0.042s 0m0.019s`. */
function cpuMsOf(words) {
  const commandLine = '"$@" </dev/null >/dev/null 2>&1; times'
  const { stdout } = spawnSync('bash', ['-c', commandLine, 'bash', process.execPath, ...words], {
    cwd: root,
    encoding: 'utf8',
  })
  const [, user, system] = /\n\d+m([\d.]+)s \d+m([\d.]+)s/.exec(stdout)
  return 1000 * (Number(user) + Number(system))
}
