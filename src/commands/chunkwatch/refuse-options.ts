import { basename, dirname, resolve } from 'node:path'
import { Failure } from '../../errors.ts'
import type { Arguments } from './options.ts'

/** Throws 'usage' for what could never end, would be shipped from nowhere, or would be silently ignored. */
export function refuseOptions(args: Arguments): void {
  const { source, stream, metrics, 'max-backlog': mostWaiting, 'pause-writer': pausesWriter } = args
  refuseCutting(args)
  if (pausesWriter && (mostWaiting === undefined || source === '-'))
    throw new Failure('usage', '--pause-writer needs --max-backlog and a directory')
  if (mostWaiting === 0) throw new Failure('usage', '--max-backlog 0: nothing could ever be written')
  if (mostWaiting !== undefined && args.split === undefined && !pausesWriter)
    throw new Failure('usage', '--max-backlog is for --split or --pause-writer')
  if (metrics !== undefined && !basename(metrics).startsWith('.') && resolve(dirname(metrics)) === resolve(source))
    throw new Failure('usage', `--metrics ${metrics}: would be shipped as a chunk`, {
      hint: 'give it another directory',
    })
  if (stream?.split('/').some((part) => ['', '.', '..'].includes(part)))
    throw new Failure('usage', `--stream '${stream}': is no name`)
}

function refuseCutting({ split, source, name }: Arguments): void {
  if (split === undefined) return
  if (split === 0) throw new Failure('usage', '--split 0: no stream can be cut into nothing')
  if (source === '-') throw new Failure('usage', '--split needs a directory, and the source is -')
  if (name.startsWith('.')) throw new Failure('usage', `--name '${name}': hidden files are not shipped`)
  if (name.includes('/')) throw new Failure('usage', `--name '${name}': the chunks lie in ${source} itself`)
}
