import { availableParallelism } from 'node:os'
import { defineCommand } from '../cli/command.ts'
import type { Terminal } from '../cli/terminal.ts'
import type { CopyTreeOptions } from '../copy/copy-tree.ts'
import type { RemovalLimit } from '../copy/removal-limit.ts'
import type { RootMark } from '../copy/root-mark.ts'
import type { Tally } from '../copy/tally.ts'
import { type Arguments, options, positionals } from './dsync/options.ts'
import { prepareRun } from './dsync/prepare-run.ts'
import { incomplete, judge, report, sayProblems } from './dsync/report.ts'

export const dsync = defineCommand({
  name: 'dsync',
  summary: 'copy a file tree by many rsync or rclone at once',
  synopsis: ['[options] source destination', '[options] - source destination'],
  positionals,
  options,
  examples: [
    ['dsync -n 8 /src/ /dst/', 'copy what is in a folder'],
    ['find /src -newer /stamp -print0 | dsync -0 -n 8 - /src/ /dst/', 'copy what a list names'],
    ['dsync -n 8 --verify checksum /src/ host:/dst/', 'copy to another host, and compare every byte'],
  ],
  stdin: 'none',
  stdout: 'text',
  async run(args, terminal) {
    const { copyTree } = await import('../copy/copy-tree.ts')
    const { thisHost } = await import('../copy/host.ts')
    const { verifyTree } = await import('../copy/verify-tree.ts')

    const run = await prepareRun(args, terminal)
    if (args.print) {
      await print(args, run, terminal)
      return
    }
    const { tally } = run
    const startedMs = performance.now()
    const progress = terminal.progress(tally)
    try {
      const roots = await copyTree(run)
      if (args.delete && tally.isComplete) {
        const host = run.hosts.find(({ isLost }) => !isLost) ?? thisHost()
        tally.deleted = await run.copier.removeExtra(host, removalLimit(args, tally, roots), terminal.signal)
      }
    } finally {
      progress.stop()
    }
    report(tally, performance.now() - startedMs, args, terminal)
    if (!tally.isComplete) throw incomplete(tally)
    if (args.verify !== undefined && !args['dry-run']) judge(await verifyTree(run, args.verify), terminal)
    run.folder.remove(run.owner)
  },
})

/** None in a dry run: it tells how many it would be. */
function removalLimit(args: Arguments, { found }: Tally, roots: RootMark): RemovalLimit | undefined {
  const most = args['max-delete']
  if (args['dry-run']) return undefined
  return { most: most ?? found.files + found.folders, isGiven: most !== undefined, roots }
}

async function print(args: Arguments, run: CopyTreeOptions, terminal: Terminal): Promise<void> {
  const { printParts } = await import('../copy/print-parts.ts')
  const { markRoot } = await import('../copy/root-mark.ts')
  const source = await markRoot(run.localSource?.path)
  run.folder.roots = { source: source.id, destination: '' }
  for await (const line of printParts(run, args.number ?? availableParallelism(), terminal.signal)) terminal.print(line)
  sayProblems(run.tally, terminal)
  if (run.tally.problems.length > 0) throw incomplete(run.tally)
}
