/** What ran so far, over all steps. */
export class Tally {
  passed = 0
  failed = 0
  skipped = []
  #passedAlone = []

  add({ passed = 0, failed = 0, skipped = [] }) {
    this.passed += passed
    this.failed += failed
    this.skipped.push(...skipped)
  }

  /** What failed beside other tests has run by itself. */
  heal(first, alone) {
    const healed = Math.max(0, first.failed - alone.failed)
    this.failed -= healed
    this.passed += healed
    this.#passedAlone.push(...first.failedTests.filter((name) => !alone.failedTests.includes(name)))
  }

  /** Nothing failed, and something ran. */
  get isGood() {
    return this.failed === 0 && this.passed > 0
  }

  /** Every skipped test by name, below its reason, and what passed at the second try. The last line is made for scripts. */
  print() {
    for (const why of new Set(this.skipped.map((skip) => skip.why))) {
      console.log(`\nskipped: ${why}`)
      for (const { name } of this.skipped.filter((skip) => skip.why === why)) console.log(`  ${name}`)
    }
    if (this.#passedAlone.length > 0) console.log('\nfailed beside other tests, passed alone')
    for (const name of this.#passedAlone) console.log(`  ${name}`)
    console.log(`\n${this.passed} passed, ${this.failed} failed, ${this.skipped.length} skipped`)
  }
}
