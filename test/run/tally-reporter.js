import { writeFileSync } from 'node:fs'

/**
 * Beside vitest's own reporter: writes what ran as JSON to the file that TALLY_FILE names,
 * { passed, failed, failedFiles, failedTests, skipped: [{ name, why }] }. A test skipped without a reason counts as failed.
 */
export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: unhandledErrors.length, failedFiles: [], failedTests: [], skipped: [] }
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
  tally.failed += suites.filter((suite) => suite.errors().length > 0).length
  for (const test of module.children.allTests()) {
    const { state, note } = test.result()
    if (state === 'passed') tally.passed += 1
    else if (state === 'skipped') countSkipped(test, note, tally)
    else {
      tally.failed += 1
      tally.failedTests.push(nameOf(test))
    }
  }
}

function nameOf(test) {
  return `${test.module.relativeModuleId} > ${test.fullName}`
}

function countSkipped(test, note, tally) {
  // With a failed hook the tests below it are skipped too: the hook has been counted.
  if (hasFailedParent(test)) return
  const name = nameOf(test)
  if (note) tally.skipped.push({ name, why: note })
  else {
    tally.failed += 1
    console.error(`${name}: skipped without a reason; use context.skip('why')`)
  }
}

function hasFailedParent(test) {
  for (let parent = test.parent; parent !== undefined; parent = parent.parent) {
    if (parent.errors().length > 0) return true
    if (parent.type === 'module') return false
  }
  return false
}
