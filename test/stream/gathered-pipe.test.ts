import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { gatheredPipe, openGatheredPipe } from '../../src/stream/gathered-pipe.ts'
import { temporaryFolder } from '../fakes/folder.ts'

it.skipIf(openGatheredPipe() === undefined)(
  'once destroyed, it reads no file that has its descriptor since (system calls)',
  async () => {
    const { readEnd, writeEnd } = openGatheredPipe() ?? { readEnd: -1, writeEnd: -1 }
    let exit = () => {}
    const pipe = gatheredPipe(readEnd, (listener) => {
      exit = listener
    })
    pipe.on('data', () => {})
    await new Promise(setImmediate)
    pipe.destroy()
    await new Promise((resolve) => pipe.once('close', resolve))
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, 'of others')
    const opened = [openSync(file, 'r')]
    while ((opened.at(-1) ?? 0) < readEnd) opened.push(openSync(file, 'r'))
    expect(opened.at(-1)).toBe(readEnd)
    exit()
    expect(readSync(readEnd, Buffer.alloc(20))).toBe(9)
    for (const fd of [...opened, writeEnd]) closeSync(fd)
  },
)
