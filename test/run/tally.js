/** What ran so far, over all steps. */
export class Tally {
  passed = 0
  failed = 0
  skipped = []

  add({ passed = 0, failed = 0, skipped = [] }) {
    this.passed += passed
    this.failed += failed
    this.skipped.push(...skipped)
  }

  /** Nothing failed, and something ran. */
  get isGood() {
    return this.failed === 0 && this.passed > 0
  }

  /** Every skipped test by name, below its reason. The last line is made for scripts. */
  print() {
    for (const why of new Set(this.skipped.map((skip) => skip.why))) {
      console.log(`\nskipped: ${why}`)
      for (const { name } of this.skipped.filter((skip) => skip.why === why)) console.log(`  ${name}`)
    }
    console.log(`\n${this.passed} passed, ${this.failed} failed, ${this.skipped.length} skipped`)
  }
}
