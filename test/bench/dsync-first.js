// How soon dsync begins to copy, where reading the folders takes long: node test/bench/dsync-first.js [rounds]
// The files are empty, on tmpfs; strace makes each reading of a folder take 16 ms, as far disks do.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { aim } from './aims.js'
import { memoryFolder } from './own-place.js'
import { median } from './race.js'

const rounds = Number(process.argv[2] ?? 3)
const [folders, filesInEach, delayMs] = [1600, 50, 16]
const dsync = fileURLToPath(new URL('../../bin/dsync', import.meta.url))
const folder = memoryFolder()
const [source, programs, mark] = [`${folder}/src`, `${folder}/bin`, `${folder}/copies`]
// With -D it is dsync itself that is our child.
const slow = [
  '-D',
  '-f',
  '--seccomp-bpf',
  '-qq',
  '-o',
  '/dev/null',
  '-e',
  'trace=getdents64',
  '-e',
  `inject=getdents64:delay_enter=${delayMs * 1000}`,
]

makeTree()
standBeforeRsync()
const walkMs = await walk()
const firsts = []
for (let round = 0; round < rounds; round++) firsts.push(await firstCopy())
const first = median(firsts)
console.log(
  `${folders * filesInEach} files in ${folders} folders, each reading of a folder ${delayMs} ms: medians of ${rounds} rounds\n\n` +
    `| | s |\n|---|---|\n| dsync --print: all folders are read after | ${(walkMs / 1000).toFixed(1)} |\n` +
    `| dsync -n 2: the first rsync is started after | ${(first / 1000).toFixed(2)} |\n`,
)
aim('seconds to the first copy', first / 1000, 'at most', 1)

function makeTree() {
  for (let index = 0; index < folders; index += 1) {
    const place = `${source}/${index}`
    mkdirSync(place, { recursive: true })
    for (let file = 0; file < filesInEach; file += 1) closeSync(openSync(`${place}/file ${file}`, 'w'))
  }
}

/** Tells when a copy begins, and is killed before it has copied much. */
function standBeforeRsync() {
  mkdirSync(programs)
  const words = `#!/bin/sh
case "$*" in *--files-from*) : >${mark};; esac
PATH=\${PATH#*:} exec rsync "$@"
`
  writeFileSync(`${programs}/rsync`, words, { mode: 0o755 })
}

/** @param {string[]} words */
function command(...words) {
  return [
    'strace',
    ...slow,
    dsync,
    ...words,
    '-n',
    '2',
    '--working-dir',
    `${folder}/work`,
    `${source}/`,
    `${folder}/dst/`,
  ]
}

async function walk() {
  const began = performance.now()
  const [program = '', ...words] = command('-q', '--print')
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`dsync --print: ended with status ${status}: ${stderr}`)
  return performance.now() - began
}

async function firstCopy() {
  rmSync(mark, { force: true })
  const [program = '', ...words] = command('-q')
  const env = { ...process.env, PATH: `${programs}:${process.env.PATH}` }
  const began = performance.now()
  const child = spawn(program, words, { env, stdio: 'ignore' })
  const ended = once(child, 'close')
  while (!existsSync(mark) && child.exitCode === null) await sleep(2)
  const firstMs = performance.now() - began
  child.kill('SIGTERM')
  await ended
  if (!existsSync(mark)) throw new Error('no rsync was started')
  return firstMs
}
