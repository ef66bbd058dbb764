// What strikes a job while it runs: each fault changes how the command is started, or does something while it runs.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * @typedef {() => number} Random  from 0 to below 1
 * @typedef {{ folder: string, random: Random, usualMs: number, streamBytes: number }} Run
 * @typedef {{ env?: Record<string, string>, strike?: (session: number) => Promise<void>, after?: () => void }} Struck
 * @typedef {{ name: string, mustSucceed?: boolean, again?: boolean, isPossible?: boolean, on: (run: Run) => Struck }} Fault
 *   `again`: it strikes the second run too
 */

const faketime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'
const canTrace = spawnSync('strace', ['-e', 'inject=fdatasync:error=EIO', 'true']).status === 0

/** Processes of a session but for its leader, which is the job's bash. @param {number} session */
function processesOf(session) {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== session && sessionOf(pid) === session)
}

/** @param {number} pid */
function sessionOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3])
  } catch {
    return undefined
  }
}

/** What libfaketime has shared between the threads of processes that have gone without a word. */
function removeClocks() {
  for (const name of existsSync('/dev/shm') ? readdirSync('/dev/shm') : []) {
    const [, pid] = /faketime_(?:shm|sem)_(\d+)$/.exec(name) ?? []
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(`/dev/shm/${name}`, { force: true })
  }
}

/** One of zpipes' programs. @param {number} session @param {Random} random */
function victimIn(session, random) {
  const programs = processesOf(session).filter((pid) => {
    try {
      return /^(\S*\/)?node\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    } catch {
      return false
    }
  })
  return programs[Math.floor(random() * programs.length)]
}

/** @param {NodeJS.Signals} signal @returns {(run: Run) => Struck} */
function signalled(signal) {
  return ({ random, usualMs }) => ({
    async strike(session) {
      await sleep(usualMs * (0.1 + random()))
      send(victimIn(session, random), signal)
    },
  })
}

/** @param {number | undefined} pid @param {NodeJS.Signals} signal */
function send(pid, signal) {
  try {
    if (pid !== undefined) process.kill(pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}

/** @param {string} calls  system calls, of which one fails @returns {(run: Run) => Struck} */
function failing(calls) {
  return ({ random }) => {
    const when = 1 + Math.floor(random() * 6)
    const what = random() < 0.5 ? 'EIO' : 'ENOSPC'
    return {
      env: { WRAP: `strace -f -qq -o /dev/null -e trace=${calls} -e inject=${calls}:error=${what}:when=${when}` },
    }
  }
}

/** @type {Fault[]} */
const all = [
  { name: 'none', mustSucceed: true, on: () => ({}) },
  { name: 'slow input, slow output', mustSucceed: true, on: () => ({ env: { FEED: 'slow', DRAIN: 'slow' } }) },
  {
    name: 'stopped and continued',
    mustSucceed: true,
    on: ({ random, usualMs }) => ({
      async strike(session) {
        await sleep(usualMs * (0.1 + random()))
        const victim = victimIn(session, random)
        send(victim, 'SIGSTOP')
        await sleep(200 + 1200 * random())
        send(victim, 'SIGCONT')
      },
    }),
  },
  {
    name: 'clock set by hours',
    mustSucceed: true,
    isPossible: existsSync(faketime),
    on: ({ folder, random, usualMs }) => {
      const file = `${folder}/clock`
      writeFileSync(file, '+0')
      const wrap = `env LD_PRELOAD=${faketime} FAKETIME_TIMESTAMP_FILE=${file} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1`
      return {
        env: { WRAP: wrap },
        async strike() {
          await sleep(usualMs * random())
          writeFileSync(file, `${random() < 0.5 ? '-' : '+'}${1 + Math.floor(random() * 20)}h`)
        },
        after: removeClocks,
      }
    },
  },
  { name: 'kill -9', on: signalled('SIGKILL') },
  { name: 'kill -9, twice', again: true, on: signalled('SIGKILL') },
  { name: 'TERM', on: signalled('SIGTERM') },
  { name: 'INT', on: signalled('SIGINT') },
  {
    name: 'input cut',
    on: ({ random, streamBytes }) => ({ env: { FEED: 'cut', CUT: String(Math.floor(random() * streamBytes)) } }),
  },
  {
    name: 'output closed',
    // Well before the end, which the pipe would hold.
    on: ({ random, streamBytes }) => ({ env: { DRAIN: 'cut', CUT: String(Math.floor((random() * streamBytes) / 2)) } }),
  },
  {
    name: 'full disk',
    on: ({ folder, random, streamBytes }) => {
      const used = Number(execFileSync('df', ['--output=used', '-B1', folder], { encoding: 'utf8' }).split('\n')[1])
      const resize = (/** @type {string} */ size) => execFileSync('mount', ['-o', `remount,size=${size}`, folder])
      resize(String(used + 4096 + Math.floor(random() * streamBytes * 0.9)))
      return { after: () => resize('512M') }
    },
  },
  { name: 'error of fsync', isPossible: canTrace, on: failing('fsync,fdatasync') },
  { name: 'error of pwrite64', isPossible: canTrace, on: failing('pwrite64') },
  { name: 'error of rename', isPossible: canTrace, on: failing('rename,renameat2,link,linkat') },
]

export const faults = all.filter(({ isPossible }) => isPossible !== false)
