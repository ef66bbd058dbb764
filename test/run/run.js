import { availableParallelism } from 'node:os'
import { biome, build, manPages, provision, typesOfTests, vitest, vitestOn } from './steps.js'
import { Tally } from './tally.js'

// node test/run/run.js check|test|nodes|openzfs; what each does is in the README.
// Real programs wait more than they compute. A percentage would be cut to 100.
const options = [`--maxWorkers=${2 * availableParallelism()}`]
const tally = new Tally()
const runs = { check, test, nodes, openzfs }
const [name] = process.argv.slice(2)
if (!Object.hasOwn(runs, name)) throw new Error(`usage: run.js ${Object.keys(runs).join('|')}`)
runs[name]()
tally.print()
process.exitCode = tally.isGood ? 0 : 1

function check() {
  const isBuilt = build(tally)
  typesOfTests(tally)
  biome(tally)
  manPages(tally)
  vitest(tally, ['unit'])
  return isBuilt
}

function test() {
  provision(tally)
  if (!check()) return
  vitest(tally, ['e2e', 'faults', 's3'], { options })
  vitestOn(tally, 24, ['unit', 'core'], options)
}

/** Everything on the other lines of Node. */
function nodes() {
  provision(tally)
  if (!build(tally)) return
  for (const line of [22, 24, 26]) vitestOn(tally, line, ['unit', 'e2e', 'faults', 's3'], options)
}

function openzfs() {
  if (build(tally)) vitest(tally, ['openzfs'])
}
