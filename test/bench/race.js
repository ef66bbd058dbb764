// Runs shell command lines against each other, interleaved, and compares medians: the machine is noisy, ratios hold.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * @typedef {{ name: string, command: string, after?: string }} Runner  `after` runs unmeasured, to clean up
 * @typedef {{ seconds: number, cpuSeconds: number, rssMib: number }} Run  CPU of all processes, memory of the largest
 */

/** The middle of an odd number of values. @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** @param {Runner} runner @returns {Run} */
function runOnce({ name, command, after }) {
  const folder = mkdtempSync(join(tmpdir(), 'zpipes-bench-'))
  try {
    const file = join(folder, 'time')
    const { status, stderr } = spawnSync('/usr/bin/time', [
      '-o',
      file,
      '-f',
      '%e %U %S %M',
      'bash',
      '-o',
      'pipefail',
      '-c',
      command,
    ])
    if (status !== 0) throw new Error(`${name}: ended with status ${status}: ${stderr}`)
    const [seconds = 0, user = 0, system = 0, kib = 0] = readFileSync(file, 'utf8').trim().split(' ').map(Number)
    if (after !== undefined) spawnSync('bash', ['-c', after])
    return { seconds, cpuSeconds: user + system, rssMib: kib / 1024 }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * Prints a table of medians; the last column compares the wall time with the first runner's.
 * @param {string} title @param {number} gigabytes @param {number} rounds @param {Runner[]} runners
 */
export function race(title, gigabytes, rounds, runners) {
  const runs = new Map(runners.map((runner) => [runner, /** @type {Run[]} */ ([])]))
  for (let round = 0; round < rounds; round++) for (const runner of runners) runs.get(runner)?.push(runOnce(runner))
  const of = (/** @type {Runner} */ runner, /** @type {keyof Run} */ what) =>
    median((runs.get(runner) ?? []).map((run) => run[what]))
  const [first] = runners
  console.log(`\n${title}: medians of ${rounds} rounds, interleaved\n`)
  console.log('| | MB/s | CPU s/GB | RSS MiB | speed, first = 1 |\n|---|---|---|---|---|')
  for (const runner of runners) {
    const seconds = of(runner, 'seconds')
    const ratio = first === undefined ? 1 : of(first, 'seconds') / seconds
    const cells = [
      runner.name,
      (gigabytes * 1000) / seconds,
      of(runner, 'cpuSeconds') / gigabytes,
      of(runner, 'rssMib'),
      ratio,
    ]
    const digits = [0, 0, 2, 0, 2]
    console.log(
      `| ${cells.map((cell, index) => (typeof cell === 'number' ? cell.toFixed(digits[index]) : cell)).join(' | ')} |`,
    )
  }
}
