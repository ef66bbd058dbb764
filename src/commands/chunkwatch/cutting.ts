import type { WatchTally } from '../../chunks/watch-tally.ts'
import type { Terminal } from '../../cli/terminal.ts'
import type { Arguments } from './options.ts'

/** The source of what is cut from stdin, and its cutter. */
export async function startCutting(args: Arguments, terminal: Terminal, tally: () => WatchTally) {
  const { watchFolder } = await import('../../chunks/folder-source.ts')
  const { cutStream } = await import('../../chunks/cut-stream.ts')
  const { checked, expectAnyBytes } = await import('../../stream/checked-input.ts')
  const { openInput } = await import('../../stream/input.ts')
  const { setTimeout: sleep } = await import('node:timers/promises')
  const source = watchFolder(args.source)
  // Nobody waits for space, or a smaller backlog, when nothing more is shipped; and what is broken off has no last chunk.
  const stop = new AbortController()
  const stopped = new Error('stopped')
  const signal = AbortSignal.any([terminal.signal, stop.signal])
  const input = checked(openInput(0, signal), [
    expectAnyBytes('without --split, what lies in the directory is shipped'),
  ])
  let cutting: Promise<void> | undefined
  let failure: unknown
  const names = new Set<string>()
  const chunks = { names, isWhole: false }
  async function gate(): Promise<void> {
    while (args['max-backlog'] !== undefined && tally().backlogBytes >= args['max-backlog']) {
      signal.throwIfAborted()
      await sleep(100)
    }
  }
  const onFullDisk = (isFree: boolean) =>
    terminal.say(
      isFree ? `${args.source}: there is space again` : `${args.source}: the disk is full, waiting for space`,
    )
  return {
    source,
    chunks,
    error: () => failure,
    start() {
      const cut = {
        folder: args.source,
        prefix: args.name,
        chunkBytes: args.split ?? 0,
        signal,
        gate,
        onChunk: (name: string) => names.add(name),
        onFullDisk,
      }
      cutting = cutStream(input, cut)
        .then(() => {
          chunks.isWhole = true
        })
        .catch((error: unknown) => {
          if (error !== stopped) failure = error
        })
        .finally(() => source.end())
    },
    async stop() {
      stop.abort(stopped)
      await input.close()
      await cutting
    },
  }
}
