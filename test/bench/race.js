// Runs shell command lines against each other, interleaved, and compares medians: the machine is noisy, ratios hold.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * @typedef {{ name: string, command: string, after?: string }} Runner  the whole command line is measured, or the program
 *   behind `$TIME` in it; `after` runs unmeasured, to clean up
 * @typedef {{ seconds: number, cpuSeconds: number, rssMib: number }} Run  CPU of all processes, memory of the largest
 */

/** The middle value, or the mean of the two in the middle. @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return ((below ?? Number.NaN) + (above ?? Number.NaN)) / 2
}

/** Throws if the command fails. @param {Runner} runner @returns {Run} */
export function runOnce({ name, command, after }) {
  const folder = mkdtempSync(join(tmpdir(), 'zpipes-bench-'))
  try {
    const file = join(folder, 'time')
    const time = ['/usr/bin/time', '-o', file, '-f', '%e,%U,%S,%M']
    const bash = ['bash', '-o', 'pipefail', '-c', command]
    const env = { ...process.env, TIME: time.join(' ') }
    const [program = '', ...words] = command.includes('$TIME') ? bash : [...time, ...bash]
    const { status, stderr } = spawnSync(program, words, { env })
    if (status !== 0) throw new Error(`${name}: ended with status ${status}: ${stderr}`)
    const [seconds = 0, user = 0, system = 0, kib = 0] = readFileSync(file, 'utf8').trim().split(',').map(Number)
    if (after !== undefined) spawnSync('bash', ['-c', after])
    return { seconds, cpuSeconds: user + system, rssMib: kib / 1024 }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * Prints a table of medians, and returns them; the last column compares the wall time with the first runner's. Of less than
 * 100 MB, of which no rate says anything, it has seconds.
 * @param {string} title @param {number} gigabytes @param {number} rounds @param {Runner[]} runners
 * @returns {Map<string, Run>}
 */
export function race(title, gigabytes, rounds, runners) {
  const runs = new Map(runners.map((runner) => [runner, /** @type {Run[]} */ ([])]))
  for (let round = 0; round < rounds; round++) for (const runner of runners) runs.get(runner)?.push(runOnce(runner))
  const of = (/** @type {Runner} */ runner, /** @type {keyof Run} */ what) =>
    median((runs.get(runner) ?? []).map((run) => run[what]))
  const medians = new Map(
    runners.map((runner) => {
      const [seconds, cpuSeconds, rssMib] = [of(runner, 'seconds'), of(runner, 'cpuSeconds'), of(runner, 'rssMib')]
      return [runner.name, { seconds, cpuSeconds, rssMib }]
    }),
  )
  const [first] = runners
  console.log(`\n${title}: medians of ${rounds} rounds, interleaved\n`)
  const isLittle = gigabytes < 0.1
  const [speedUnit, cpuUnit] = isLittle ? ['s', 'CPU s'] : ['MB/s', 'CPU s/GB']
  console.log(`| | ${speedUnit} | ${cpuUnit} | RSS MiB | speed, first = 1 |\n|---|---|---|---|---|`)
  for (const runner of runners) {
    const seconds = of(runner, 'seconds')
    const ratio = first === undefined ? 1 : of(first, 'seconds') / seconds
    const cpuSeconds = of(runner, 'cpuSeconds')
    const speed = isLittle ? seconds : (gigabytes * 1000) / seconds
    const cells = [runner.name, speed, isLittle ? cpuSeconds : cpuSeconds / gigabytes, of(runner, 'rssMib'), ratio]
    const digits = [0, isLittle ? 1 : 0, 2, 0, 2]
    console.log(
      `| ${cells.map((cell, index) => (typeof cell === 'number' ? cell.toFixed(digits[index]) : cell)).join(' | ')} |`,
    )
  }
  return medians
}
