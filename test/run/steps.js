import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const modules = join(root, 'node_modules')

/** Installs what the tests need, where it may; else says in one line what is missing. What lacks it is skipped by its own test. */
export function provision(tally) {
  run(tally, 'provision', 'bash', ['test/run/provision.sh'])
}

export function build(tally) {
  return run(tally, 'build', 'npm', ['run', '--silent', 'build'])
}

export function typesOfTests(tally) {
  run(tally, 'types of the tests', process.execPath, [join(modules, 'typescript/bin/tsc'), '-p', 'test'])
}

export function biome(tally) {
  run(tally, 'format and lint', process.execPath, [
    join(modules, '@biomejs/biome/bin/biome'),
    'ci',
    '--colors=off',
    '--error-on-warnings',
  ])
}

export function manPages(tally) {
  const pages = readdirSync(join(root, 'man')).map((name) => join('man', name))
  const why = 'mandoc is not installed'
  if (spawnSync('mandoc', ['-V']).error) return tally.add({ skipped: pages.map((name) => ({ name, why })) })
  for (const page of pages) run(tally, page, 'mandoc', ['-T', 'lint', '-W', 'warning', page])
}

// With more failures than these it is not the company of other tests.
const maxFilesAgain = 5

/**
 * The vitest part; `node` is the program to run it with, and what `bin/*` is started with in turn. `options` are
 * vitest's. What fails beside other tests is tried once more by itself, and named if it passes then.
 */
export function vitest(tally, projects, { node = process.execPath, options = [] } = {}) {
  const what = `${projects.join(', ')} on Node ${versionOf(node)}`
  const counts = runVitest(what, node, [...projects.map((name) => `--project=${name}`), ...options])
  tally.add(counts)
  if (counts.failed === 0 || counts.failedFiles.length === 0 || counts.failedFiles.length > maxFilesAgain) return
  const again = new Set(counts.failedFiles.flatMap(({ project, file }) => [`--project=${project}`, file]))
  const second = runVitest(`${what}: what failed, by itself`, node, [...again, '--maxWorkers=1'])
  tally.heal(counts, second)
}

function runVitest(what, node, options) {
  const folder = mkdtempSync(join(tmpdir(), 'zpipes-tally-'))
  const file = join(folder, 'tally.json')
  const reporters = ['--config=test/vitest.config.ts', '--reporter=default', '--reporter=./test/run/tally-reporter.js']
  const command = [join(modules, 'vitest/vitest.mjs'), 'run', ...reporters, ...options]
  const PATH = `${dirname(node)}${delimiter}${process.env.PATH}`
  const status = start(what, node, command, { TALLY_FILE: file, PATH })
  const counts = tallyIn(file)
  const isSilentFailure = status !== 0 && counts.failed === 0
  if (isSilentFailure || counts.passed + counts.failed === 0) {
    counts.failed += 1
    counts.failures.push({ name: what, message: `vitest ended with ${status}, and told of no failed test` })
  }
  rmSync(folder, { recursive: true })
  return counts
}

/** The same on another line of Node, from the npm registry. */
export function vitestOn(tally, line, projects, options) {
  const npx = ['--yes', '--package', `node@${line}`, 'node', '--print', 'process.execPath']
  const { status, stdout, stderr } = spawnSync('npx', npx, { cwd: root, encoding: 'utf8', timeout: 300_000 })
  const node = stdout?.trim().split('\n').at(-1)
  if (status === 0 && node) return vitest(tally, projects, { node, options })
  console.log(stderr)
  tally.add({ skipped: [{ name: `all tests on Node ${line}`, why: `npx cannot bring node@${line}` }] })
}

function run(tally, name, command, args) {
  const isGood = start(name, command, args) === 0
  tally.add(isGood ? { passed: 1 } : { failed: 1, failures: [{ name, message: 'what it printed is above' }] })
  return isGood
}

function start(name, command, args, env = {}) {
  console.log(`\n== ${name}`)
  const began = performance.now()
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
  if (error) console.log(error.message)
  console.log(`== ${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`)
  return status
}

function tallyIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 0, failedFiles: [], failures: [], skipped: [] }
  }
}

function versionOf(node) {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1)
}
