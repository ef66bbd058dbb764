/** What ran so far, over all steps. */
export class Tally {
  passed = 0
  failed = 0
  skipped = []
  #failures = []
  #passedAlone = []

  /** `failures` are { name, message }: as many as `failed` says. */
  add({ passed = 0, failed = 0, failures = [], skipped = [] }) {
    this.passed += passed
    this.failed += failed
    this.#failures.push(...failures)
    this.skipped.push(...skipped)
  }

  /** What failed beside other tests has run by itself. */
  heal(first, alone) {
    const healed = Math.max(0, first.failed - alone.failed)
    this.failed -= healed
    this.passed += healed
    const stillFail = new Set(alone.failures.map(({ name }) => name))
    const passedAlone = first.failures.filter(({ name }) => !stillFail.has(name))
    this.#passedAlone.push(...passedAlone)
    this.#failures = this.#failures.filter((failure) => !passedAlone.includes(failure))
  }

  /** Nothing failed, and something ran. */
  get isGood() {
    return this.failed === 0 && this.passed > 0
  }

  /** Every test that did not pass by name: a log's end tells what was wrong. The last line is made for scripts. */
  print() {
    for (const why of new Set(this.skipped.map((skip) => skip.why))) {
      console.log(`\nskipped: ${why}`)
      for (const { name } of this.skipped.filter((skip) => skip.why === why)) console.log(`  ${name}`)
    }
    printFailures('failed beside other tests, passed alone', this.#passedAlone)
    printFailures('failed', this.#failures)
    console.log(`\n${this.passed} passed, ${this.failed} failed, ${this.skipped.length} skipped`)
  }
}

const maxLines = 20

function printFailures(what, failures) {
  if (failures.length > 0) console.log(`\n${what}`)
  for (const { name, message } of failures) {
    console.log(`  ${name}`)
    for (const line of message.split('\n').slice(0, maxLines)) console.log(`    ${line}`)
  }
}
