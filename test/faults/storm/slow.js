// stdin to stdout, with a pause now and then.
import { setTimeout as sleep } from 'node:timers/promises'

let bytes = 0
for await (const piece of process.stdin) {
  process.stdout.write(piece)
  bytes += piece.length
  if (bytes % 7 === 0 || bytes > 1e6) await sleep(20)
}
