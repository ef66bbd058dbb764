// Runs whole jobs while faults strike at random, then the same command again, and counts broken promises:
// node test/faults/storm/storm.js SECONDS [SEED [JOB]]. It mounts, so it runs in a namespace of its own, as storm.test.ts starts it;
// with the pools $A and $B of test/zfs-host it runs the jobs that need ZFS too.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { makeStream } from '../../bench/make-stream.js'
import { faults } from './faults.js'
import { jobs } from './jobs.js'

/** @typedef {import('./jobs.js').Job} Job @typedef {import('./faults.js').Fault} Fault */

const [seconds = '60', seed = String(Date.now() % 1e6), only] = process.argv.slice(2)
const here = mkdtempSync(`${process.cwd()}/storm-`)
const limitMs = 60_000
// What the programs may end with: sysexits, 128 plus a signal. 70 is a bug by its own word.
const honest = new Set([64, 65, 69, 73, 74, 75, 76, 77, 78, 129, 130, 137, 141, 143])
const streamBytes = 8 * 1024 * 1024
const prelude = readFileSync(new URL('../../zfs-host/prelude.sh', import.meta.url), 'utf8')
const slow = fileURLToPath(new URL('slow.js', import.meta.url))
const functions = `set +e +u +o pipefail
  feed() { case $FEED in slow) node ${slow} < $1;; cut) head -c $CUT $1;; *) cat $1;; esac; }
  drain() { case $DRAIN in slow) node ${slow};; cut) head -c $CUT;; *) cat;; esac; }`

/** A number for each seed, from 0 to below 1, again and again (mulberry32). @param {number} state */
function seeded(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const hasZfs = process.env['A'] !== undefined
const wanted = jobs.filter(
  ({ name, needsZfs }) => (hasZfs || !needsZfs) && (only === undefined || name.startsWith(only)),
)
const random = seeded(Number(seed))
const usualMs = new Map(wanted.map(({ name }) => [name, 1000]))
const counts = new Map(wanted.map(({ name }) => [name, { runs: 0, atOnce: 0, again: 0, broken: 0 }]))
const struck = new Map(faults.map(({ name }) => [name, 0]))
let ports = 20_000 + Math.floor(random() * 10_000)

writeFileSync(`${here}/stream`, makeStream(streamBytes, 128 * 1024))
for (const { name, setUp } of jobs.filter((job) => hasZfs || !job.needsZfs)) if (setUp) must(`${name}: set up`, setUp)
const until = performance.now() + Number(seconds) * 1000
for (const job of wanted) await one(job, /** @type {Fault} */ (faults[0]))
while (performance.now() < until) {
  const job = /** @type {Job} */ (wanted[Math.floor(random() * wanted.length)])
  const possible = faults.filter(({ name }) => job.not?.includes(name) !== true)
  await one(job, /** @type {Fault} */ (possible[Math.floor(random() * possible.length)]))
}
report()
rmSync(here, { recursive: true })

/** One job under one fault, and then again until it is done. @param {Job} job @param {Fault} fault */
async function one(job, fault) {
  const count = counts.get(job.name) ?? { runs: 0, atOnce: 0, again: 0, broken: 0 }
  const folder = `${here}/run`
  mkdirSync(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512M', 'storm', folder])
  ports++
  count.runs++
  struck.set(fault.name, (struck.get(fault.name) ?? 0) + 1)
  const label = `${job.name}, ${fault.name} (seed ${seed}, run ${[...counts.values()].reduce((sum, { runs }) => sum + runs, 0)})`
  try {
    must(`${label}: prepare`, job.prepare, folder)
    const problems = await suffer(job, fault, folder, count)
    for (const problem of problems) console.error(`${label}: ${problem}`)
    if (problems.length > 0) count.broken++
  } finally {
    if (job.cleanUp) must(`${label}: clean up`, job.cleanUp, folder)
    execFileSync('umount', ['--lazy', folder])
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {Job} job @param {Fault} fault @param {string} folder @param {{ atOnce: number, again: number }} count
 * @returns {Promise<string[]>} promises that were broken
 */
async function suffer(job, fault, folder, count) {
  const first = await attempt(job, fault, folder)
  const problems = [...first.problems]
  if (fault.mustSucceed && first.status !== 0) problems.push(`status ${first.status}: ${first.said}`)
  if (first.status === 0) count.atOnce++
  if (fault.again) problems.push(...(await attempt(job, fault, folder)).problems)
  // What the first left behind may still be ending, as zfs receive does.
  let last = first
  for (let tries = 0; tries < 6 && (tries === 0 || !isDone(job, last.status)); tries++) {
    last = await attempt(job, undefined, folder)
    problems.push(...last.problems)
    if (last.status === 75) spawnSync('sleep', ['0.5'])
  }
  if (!isDone(job, last.status)) problems.push(`run again, it ends with ${last.status}: ${last.said}`)
  const failed = check(job.done, folder)
  if (failed) problems.push(`at the end it is not done: ${failed}`)
  if (first.status !== 0 && problems.length === 0) count.again++
  return problems
}

/** @param {Job} job @param {number} status */
function isDone(job, status) {
  return status === 0 || job.alsoDone?.includes(status) === true
}

/** Runs the command once. @param {Job} job @param {Fault | undefined} fault @param {string} folder */
async function attempt(job, fault, folder) {
  const usual = usualMs.get(job.name) ?? 1000
  const { env, strike, after } = fault?.on({ folder, random, usualMs: usual, streamBytes }) ?? {}
  const began = performance.now()
  const child = spawn('bash', ['-c', `${functions}\n${job.command}`], {
    ...{ cwd: folder, detached: true, stdio: ['ignore', 'ignore', 'pipe'] },
    env: {
      ...process.env,
      HERE: here,
      STREAM: `${here}/stream`,
      PORT: String(ports),
      WRAP: '',
      FEED: '',
      DRAIN: '',
      ...env,
    },
  })
  let said = ''
  child.stderr?.on('data', (data) => (said += data))
  const hanging = setTimeout(() => process.kill(-Number(child.pid), 'SIGKILL'), limitMs)
  const ended = new Promise((resolve) => child.on('close', (code) => resolve(code ?? 255)))
  const striking = strike?.(Number(child.pid))
  const status = /** @type {number} */ (await ended)
  clearTimeout(hanging)
  await striking
  after?.()
  if (fault?.name === 'none' && status === 0) usualMs.set(job.name, performance.now() - began)
  const problems = []
  if (status === 255) problems.push(`it hung for ${limitMs / 1000} s`)
  else if (status !== 0 && !honest.has(status)) problems.push(`status ${status}: ${said}`)
  if (/^ {4}at /m.test(said)) problems.push(`a stack: ${said}`)
  const broken = check(job.holds, folder)
  if (broken) problems.push(`after status ${status} a promise is broken: ${broken}`)
  const notDone = status === 0 ? check(job.done, folder) : ''
  if (notDone) problems.push(`it ended with 0, and is not done: ${notDone}`)
  return { status, said, problems }
}

/** What a script says that does not end well; empty if it does. @param {string} script @param {string} folder */
function check(script, folder) {
  const { status, stdout, stderr } = bash(script, folder)
  return status === 0 ? '' : `${stdout}${stderr}` || `status ${status}`
}

/** @param {string} what @param {string} script */
function must(what, script, folder = process.cwd()) {
  const { status, stderr } = bash(script, folder)
  if (status !== 0) throw new Error(`${what}: status ${status}: ${stderr}`)
}

/** @param {string} script @param {string} folder */
function bash(script, folder) {
  const env = { ...process.env, HERE: here, STREAM: `${here}/stream` }
  return spawnSync('bash', ['-c', `${prelude}\n${script}`], { cwd: folder, encoding: 'utf8', timeout: limitMs, env })
}

function report() {
  console.log(`\nseed ${seed}, ${faults.length} faults\n`)
  console.log(
    '| job | runs | done in spite of it | done by the same command | promises broken |\n|---|---|---|---|---|',
  )
  for (const [name, { runs, atOnce, again, broken }] of counts) {
    console.log(`| ${name} | ${runs} | ${atOnce} | ${again} | ${broken} |`)
  }
  console.log(`\n${[...struck].map(([name, count]) => `${name} ${count}`).join(', ')}`)
  if ([...counts.values()].some(({ broken }) => broken > 0)) process.exitCode = 1
}
