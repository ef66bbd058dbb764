import { setFlagsFromString } from 'node:v8'
import { defineCommand } from '../cli/command.ts'
import { ownerOfThisProgram } from '../cli/owner.ts'
import { runtimeFolder } from '../cli/runtime-folder.ts'
import { Failure } from '../errors.ts'
import { join } from './chunkwatch/join.ts'
import { options, positionals } from './chunkwatch/options.ts'
import { refuseOptions } from './chunkwatch/refuse-options.ts'
import { ship } from './chunkwatch/ship.ts'

// What is being shipped at the first INT is finished, however slow the link is; the second INT is not waited for.
const finishMs = 24 * 60 * 60 * 1000

export const chunkwatch = defineCommand({
  name: 'chunkwatch',
  summary: 'ship chunk files as they complete',
  synopsis: [
    '[options] source destination',
    '--split=SIZE [options] source destination',
    '--join [options] destination',
  ],
  positionals,
  options,
  examples: [
    ['chunkwatch chunks s3://bucket/snap', 'ship what split writes into chunks, until stopped'],
    ['zfs send tank/home@mon | chunkwatch --split 64M chunks file:///backup/snap', 'cut a stream and ship its chunks'],
    ['chunkwatch --join file:///backup/snap | zfs receive tank/restored', 'bring the stream back'],
  ],
  stdin: (args) => (args.split === undefined ? 'none' : 'binary'),
  stdout: (args) => (args.join ? 'binary' : 'text'),
  fastPaths,
  async run(args, terminal) {
    if (args.join) return join(args, terminal)
    // Of very many chunks, V8 would let as much garbage lie about again as there is to keep. It costs a tenth of the time.
    setFlagsFromString('--heap-growing-percent=30')
    terminal.allowGrace(finishMs)
    const { destination } = args
    if (destination === undefined) throw new Failure('usage', 'there is no destination')
    refuseOptions(args)
    const { realpath } = await import('node:fs/promises')
    const { withLock } = await import('../stream/lock.ts')
    const { makeFolders } = await import('../stream/make-folders.ts')
    const source = args.source === '-' ? undefined : await realpath(args.source).catch(notThere(args.source))
    const state = [
      args.state ?? (args.source === '-' ? '.' : args.source),
      ...(args.stream === undefined ? [] : [`.${args.stream}`]),
    ].join('/')
    await makeFolders(state)
    const places = [...new Set([source, await realpath(state)])].filter((place) => place !== undefined)
    const locked = (work: () => Promise<void>) => {
      const place = { folder: runtimeFolder(), owner: ownerOfThisProgram() }
      return places.reduce((inner, each) => () => withLock(each, place, inner), work)()
    }
    await locked(async () => {
      const { ManifestFile } = await import('../chunks/manifest-file.ts')
      const manifest = await ManifestFile.open(state)
      try {
        await ship(args, destination, manifest, terminal)
      } finally {
        await manifest.close()
      }
    })
  },
})

async function fastPaths(): Promise<readonly string[]> {
  const { Md5Lanes } = await import('../stream/md5-lanes.ts')
  return [`md5: ${Md5Lanes.create() === undefined ? 'one by one' : 'WebAssembly, simd, eight at once'}`]
}

/** One that is not there is a slip of the pen, or not mounted: nothing would ever be shipped from it. */
function notThere(source: string) {
  return (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    throw new Failure('unavailable', `${source}: no such directory`, { cause: error })
  }
}
