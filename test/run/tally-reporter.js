import { writeFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'

/**
 * Beside vitest's own reporter: writes what ran as JSON to the file that TALLY_FILE names,
 * { passed, failed, failedFiles, failures: [{ name, message }], skipped: [{ name, why }] }, a failure for each that
 * `failed` counts. A skipped test says why by a note or, with those around it, by its name, which ends in what it
 * needs, in parentheses; one without a reason counts as failed.
 */
export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: 0, failedFiles: [], failures: [], skipped: [] }
    for (const error of unhandledErrors) countFailure('an error outside of all tests', [error], tally)
    for (const module of modules) countModule(module, tally)
    const file = process.env.TALLY_FILE
    if (file !== undefined) writeFileSync(file, JSON.stringify(tally))
  }
}

function countModule(module, tally) {
  const before = tally.failed
  countTests(module, tally)
  if (tally.failed > before) tally.failedFiles.push({ project: module.project.name, file: module.relativeModuleId })
}

function countTests(module, tally) {
  const suites = [module, ...module.children.allSuites()]
  for (const suite of suites.filter((each) => each.errors().length > 0)) {
    countFailure(suite === module ? module.relativeModuleId : nameOf(suite), suite.errors(), tally)
  }
  for (const test of module.children.allTests()) {
    const { state, note, errors } = test.result()
    if (state === 'passed') tally.passed += 1
    else if (state === 'skipped') countSkipped(test, note, tally)
    else countFailure(nameOf(test), errors ?? [], tally)
  }
}

function countFailure(name, errors, tally) {
  tally.failed += 1
  tally.failures.push({ name, message: errors.map(textOf).join('\n') })
}

/** What it says, what was expected, and where. */
function textOf({ message, diff, stacks = [] }) {
  const where = stacks.slice(0, 1).map(({ file, line, column }) => `at ${file}:${line}:${column}`)
  return stripVTControlCharacters([message, ...(diff ? [diff] : []), ...where].join('\n'))
}

function nameOf(testOrSuite) {
  return `${testOrSuite.module.relativeModuleId} > ${testOrSuite.fullName}`
}

function countSkipped(test, note, tally) {
  // With a failed hook the tests below it are skipped too: the hook has been counted.
  if (hasFailedParent(test)) return
  const name = nameOf(test)
  const why = note || needOf(test)
  if (why) tally.skipped.push({ name, why })
  else {
    const message =
      "skipped without a reason; use context.skip('why'), or skipIf and a name that ends in (what it needs)"
    countFailure(name, [{ message }], tally)
  }
}

/** Of the outermost that is skipped as a whole: names within it may end in other things. */
function needOf(test) {
  const around = []
  for (let each = test; each.type !== 'module'; each = each.parent) around.unshift(each)
  const needs = around
    .filter((each) => (each.type === 'test' ? each.result().state : each.state()) === 'skipped')
    .map((each) => /\((.+)\)$/.exec(each.name)?.[1])
  const need = needs.find((each) => each !== undefined)
  return need === undefined ? undefined : `needs ${need}`
}

function hasFailedParent(test) {
  for (let parent = test.parent; parent !== undefined; parent = parent.parent) {
    if (parent.errors().length > 0) return true
    if (parent.type === 'module') return false
  }
  return false
}
