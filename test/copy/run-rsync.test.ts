import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { runRsync } from '../../src/copy/run-rsync.ts'

// Each is read by itself.
const pause = 'sleep 0.15'

it.each([
  ['whole', '\\r         32768   0%%    0.00kB/s    0:00:07  ', ''],
  ['cut behind the share', '\\r         32768   0%%  ', '  0.00kB/s    0:00:07  '],
  ['cut behind the rate', '\\r         32768   0%%    0.00kB/s  ', '  0:00:07  '],
])('nothing of how far rsync is goes to the log: %s', async (_how, first, second) => {
  const end = '\\r             9 100%%    7.99MB/s    0:00:00 (xfr#1, to-chk=0/1)\\nNumber of files: 1 (reg: 1)\\n'
  const prints = ['>f+++++++++ 9 a  name\\n', first, second, end].map((piece) => `printf '${piece}'`)
  let log = ''
  const { report } = await runRsync({
    argv: ['sh', '-c', `cat >/dev/null; ${prints.join(`; ${pause}; `)}`],
    input: Readable.from([]),
    signal: new AbortController().signal,
    isMeasured: true,
    log: (text) => {
      log += text
    },
  })
  expect(log).toBe('>f+++++++++ 9 a  name\nNumber of files: 1 (reg: 1)\n')
  expect(report).toMatchObject({ goneFiles: 1, goneBytes: 9, copied: 1, present: 1 })
})
