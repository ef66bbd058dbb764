import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { type CopyTreeOptions, copyTree, type PartOutcome } from '../../src/copy/copy-tree.ts'
import { thisHost } from '../../src/copy/host.ts'
import { Rsync, type RsyncOptions } from '../../src/copy/rsync.ts'
import { RunFolder } from '../../src/copy/run-folder.ts'
import { Tally } from '../../src/copy/tally.ts'
import { verifyTree } from '../../src/copy/verify-tree.ts'
import { walk } from '../../src/copy/walk.ts'
import { Failure } from '../../src/errors.ts'
import { temporaryFolder } from '../fakes/folder.ts'

const lacksRsync = spawnSync('rsync', ['--version']).error !== undefined
const owner = { id: 'test', isGone: () => false }

describe.skipIf(lacksRsync)('copyTree and verifyTree (rsync)', () => {
  let folder: string
  let outcomes: PartOutcome[]
  beforeEach(() => {
    folder = temporaryFolder()
    outcomes = []
    mkdirSync(join(folder, 'work'))
    mkdirSync(join(folder, 'src/many'), { recursive: true })
    for (let index = 0; index < 30; index += 1) writeFileSync(join(folder, `src/many/file ${index}`), `${index}`)
    writeFileSync(join(folder, 'src/many/left'), 'out')
    writeFileSync(join(folder, 'src/one'), '1')
  })

  function options(rest: Partial<CopyTreeOptions> = {}, flags: Partial<RsyncOptions> = {}): CopyTreeOptions {
    const [source, destination] = [join(folder, 'src/'), join(folder, 'dst/')]
    const isExcluded = (name: string) => name === 'left'
    const copier = new Rsync({
      ...{ source, destination, flags: ['-a'], ssh: ['ssh'], exclude: ['left'], spared: [], own: undefined },
      ...{ bytesPerSecond: undefined, dryRun: false, isDeep: false, isWalked: true, takesFolders: true },
      ...flags,
    })
    return {
      ...{ copier, owner, hosts: [thisHost()], retries: 0, isDeep: false, reuse: false, tally: new Tally() },
      folder: new RunFolder(join(folder, 'work'), ['test']),
      entries: (onUnreadable) => walk(source, { isExcluded, onUnreadable }),
      localSource: { path: source, isExcluded },
      localDestination: destination,
      signal: new AbortController().signal,
      say: () => {},
      log: () => {},
      onPart: (outcome) => outcomes.push(outcome),
      ...rest,
    }
  }

  it('copies all names, a folder as one, without what is excluded, and tells of each part', async () => {
    const run = options()
    await copyTree(run)
    expect(readFileSync(run.folder.file('files'), 'utf8').split('\0').sort()).toEqual(['', 'many/', 'one'])
    expect(run.tally).toMatchObject({ isComplete: true, copied: 31, found: { files: 31, folders: 1 } })
    expect(readdirSync(join(folder, 'dst/many'))).toHaveLength(30)
    expect(outcomes).toMatchObject([{ part: 1, attempts: 1, copied: 31, present: 31, failed: 0 }])
  })

  it('counts what came into a folder after the walk, and what went', async () => {
    const run = options()
    const entries: CopyTreeOptions['entries'] = async function* (onUnreadable) {
      for await (const group of run.entries(onUnreadable)) yield group
      for (const name of ['new', 'newer']) writeFileSync(join(folder, 'src/many', name), 'x')
      rmSync(join(folder, 'src/one'))
    }
    await copyTree({ ...run, entries })
    expect(run.tally).toMatchObject({ isComplete: true, copied: 32, vanished: 0, failed: 0, found: { files: 32 } })
    expect(readdirSync(join(folder, 'dst/many'))).toHaveLength(32)
  })

  it('ends with a Failure when the source is another folder at the end, as after an unmount', async () => {
    const run = options()
    const entries: CopyTreeOptions['entries'] = async function* (onUnreadable) {
      for await (const group of run.entries(onUnreadable)) yield group
      renameSync(join(folder, 'src'), join(folder, 'mounted'))
      mkdirSync(join(folder, 'src'))
    }
    await expect(copyTree({ ...run, entries })).rejects.toThrow(/src\/ is another folder than when the copy began/)
  })

  it('does not believe that most of a source on another host has vanished', async () => {
    const run = options({ localSource: undefined })
    const entries: CopyTreeOptions['entries'] = async function* (onUnreadable) {
      for await (const group of run.entries(onUnreadable)) yield group
      rmSync(join(folder, 'src/many'), { recursive: true })
    }
    await copyTree({ ...run, entries })
    expect(run.tally.isComplete).toBe(false)
    expect(run.tally.problems).toMatchObject([{ kind: 'unavailable', reason: /30 of 31 files have vanished/ }])
  })

  it('walks while the destination is made, and copies when it is', async () => {
    const run = options()
    let tellWalked = () => {}
    const walked = new Promise<void>((resolve) => {
      tellWalked = resolve
    })
    const entries: CopyTreeOptions['entries'] = async function* (onUnreadable) {
      tellWalked()
      yield* run.entries(onUnreadable)
    }
    const prepare = async (...where: Parameters<typeof run.copier.prepare>) => {
      await walked
      expect(existsSync(join(folder, 'dst'))).toBe(false)
      await Rsync.prototype.prepare.apply(run.copier, where)
    }
    await copyTree({ ...run, entries, copier: Object.assign(run.copier, { prepare }) })
    expect(run.tally).toMatchObject({ isComplete: true, copied: 31 })
  })

  it('stops the walk when the destination cannot be made', async () => {
    const run = options()
    let isStopped = false
    const entries: CopyTreeOptions['entries'] = async function* (onUnreadable) {
      try {
        for (;;) {
          for await (const group of run.entries(onUnreadable)) yield group
          await sleep(1)
        }
      } finally {
        isStopped = true
      }
    }
    const prepare = async () => {
      await sleep(50)
      throw new Failure('permission', 'not here')
    }
    const ended = copyTree({ ...run, entries, copier: Object.assign(run.copier, { prepare }) })
    await expect(ended).rejects.toThrow('not here')
    expect(isStopped).toBe(true)
    expect(existsSync(join(folder, 'dst'))).toBe(false)
  })

  it('finds what was passed over in a folder that was given as a whole', async () => {
    const run = options({}, { flags: ['-a', '--filter=- file 7'] })
    await copyTree(run)
    expect(run.tally).toMatchObject({ isComplete: false, copied: 30, vanished: 0, failed: 1 })
  })

  it('compares each name, and says how many differ', async () => {
    await copyTree(options())
    const run = options()
    await copyTree(run)
    expect(await verifyTree(run, 'checksum')).toMatchObject({ compared: 31, different: 0, names: [], reasons: [] })
    appendFileSync(join(folder, 'dst/many/file 3'), 'more')
    rmSync(join(folder, 'dst/one'))
    const { compared, different, names } = await verifyTree(run, 'size')
    expect({ compared, different, names: [...names].sort() }).toEqual({
      compared: 31,
      different: 2,
      names: ['many/file 3', 'one'],
    })
  })

  it('compares nothing without the list of what was copied', async () => {
    const run = options()
    await copyTree(run)
    run.folder.clear()
    await expect(verifyTree(run, 'size')).rejects.toThrow(/the list of what was copied is gone/)
  })
})
