#!/usr/bin/env node
// A program that does what its argument says, for tests of what all programs share.
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../../dist/cli/run.js'
import { Failure } from '../../dist/errors.js'

const acts = {
  async nothing() {},
  async print(_, terminal) {
    for (let line = 1; line <= 100_000; line += 1) terminal.print(`line ${line} of many`)
  },
  async event(_, terminal) {
    terminal.event({ key: 'tank/home@mon', bytes: 1 })
  },
  async say(_, terminal) {
    terminal.say('tank/\x1b[31mhome@mon\nis odd')
    terminal.hint('look at it')
  },
  async fail() {
    throw new Failure('data', 'part 17: 3f in the store, 9c sent', {
      hint: 'run it again',
      cause: new Error('the disk says no'),
    })
  },
  async bug() {
    undefined.x()
  },
  async stray() {
    void Promise.reject(new TypeError('nobody waits for this'))
    await sleep(5000)
  },
  async forever() {
    await new Promise(() => {})
  },
  /** Ends at the abort, cleanly. */
  async patient(_, terminal) {
    terminal.say('ready')
    await sleep(60_000, undefined, { signal: terminal.signal }).catch(() => sleep(50))
    terminal.say(`cleaned up after ${terminal.signal.reason.signalName}`)
  },
  /** Hears the abort and still does not end. */
  async stubborn(_, terminal) {
    terminal.signal.addEventListener('abort', () => terminal.say('heard'))
    terminal.say('ready')
    await sleep(60_000)
  },
  /** Takes the abort's reason for its own failure, as rooms do. */
  async throwing(_, terminal) {
    terminal.say('ready')
    await new Promise((_, reject) => {
      terminal.signal.addEventListener('abort', () => reject(terminal.signal.reason))
      setTimeout(() => {}, 60_000)
    })
  },
  async moving(args, terminal) {
    const startMs = performance.now()
    const progress = terminal.progress({
      totalBytes: 10 * 2 ** 30,
      get doneBytes() {
        return Math.floor((performance.now() - startMs) * 2 ** 20)
      },
      waiting: { inputMs: 500, outputMs: 250, workMs: 250 },
    })
    terminal.say('ready')
    await sleep(Number(args.ms))
    progress.stop()
  },
}

await run({
  name: 'sample',
  summary: 'do what the argument says',
  synopsis: ['[options] act'],
  positionals: { act: { describe: Object.keys(acts).join(', ') } },
  options: { ms: { type: 'number', default: 100, describe: 'milliseconds' } },
  examples: [],
  stdin: 'none',
  stdout: 'text',
  run: (args, terminal) => acts[args.act](args, terminal),
})
