import { describe, expect, test } from 'vitest'
import { Failure } from '../../src/errors.ts'
import { startChild } from '../../src/stream/child.ts'
import { throughFilter, writerTo } from '../../src/stream/filter.ts'
import type { Input } from '../../src/stream/input.ts'
import { programInput } from '../../src/stream/program-input.ts'
import { inputOf, randomBytes, readAll } from '../fakes/inputs.ts'

const mib = 1024 * 1024

function filter(source: Input, commandLine: string, signal?: AbortSignal): Input {
  return throughFilter(source, ['sh', '-c', commandLine], { onBadEnd: 'unavailable', signal })
}

describe('throughFilter', () => {
  test('gives what the program makes of the stream', async () => {
    const bytes = randomBytes(3 * mib + 11)
    expect(Buffer.compare(await readAll(filter(inputOf(bytes), 'gzip -1 | gzip -dc')), bytes)).toBe(0)
  })

  test('gives the empty output of an empty input', async () => {
    expect((await readAll(filter(inputOf(randomBytes(0)), 'cat'))).length).toBe(0)
  })

  test.each([
    ['a bad status', 'cat; exit 3', 'sh ended with status 3'],
    ['a kill', 'cat; kill -9 $$', 'sh was killed by SIGKILL'],
    ['a bad status before the end of the input', 'exit 4', 'sh ended with status 4'],
    ['an end before all was read', 'exec head -c 10', 'ended before it had read everything'],
  ])('%s of the program is a failure', async (_, commandLine, message) => {
    await expect(readAll(filter(inputOf(randomBytes(2 * mib)), commandLine))).rejects.toThrow(message)
  })

  test('a program that is killed says nothing of its input; one that crashes may', async () => {
    const ends = (commandLine: string) => expect(readAll(filter(inputOf(randomBytes(2 * mib)), commandLine))).rejects
    for (const signal of ['KILL', 'TERM', 'XCPU']) {
      await ends(`head -c 99; kill -${signal} $$`).toMatchObject({
        kind: 'retry',
        message: `sh was killed by SIG${signal}`,
      })
    }
    await ends('kill -SEGV $$').toMatchObject({ kind: 'unavailable', message: 'sh was killed by SIGSEGV' })
  })

  test('a program that is not there is unavailable', async () => {
    const input = throughFilter(inputOf(randomBytes(mib)), ['no-such-program'], { onBadEnd: 'data' })
    await expect(readAll(input)).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'no-such-program: no such program',
    })
  })

  test("the source's failure is the failure, though the program sees an end", async () => {
    const source: Input = {
      fill: () => Promise.reject(new Failure('data', 'truncated')),
      close: async () => {},
    }
    await expect(readAll(filter(source, 'cat'))).rejects.toThrow('truncated')
  })

  test('a program that is killed while its source is silent is a failure at once', async () => {
    const silent: Input = { fill: () => new Promise(() => {}), close: async () => {} }
    await expect(readAll(filter(silent, 'kill -9 $$'))).rejects.toThrow('SIGKILL')
  })

  test('an abort stops the program', async () => {
    const abort = new AbortController()
    const silent: Input = { fill: () => new Promise(() => {}), close: async () => {} }
    const read = readAll(filter(silent, 'exec sleep 100', abort.signal))
    setTimeout(() => abort.abort(new Error('interrupted')), 50)
    await expect(read).rejects.toThrow('interrupted')
  })

  test('many small fills leave nothing behind', async () => {
    const input = filter(inputOf(randomBytes(mib)), 'cat')
    const before = process.memoryUsage().heapUsed
    const target = new Uint8Array(16)
    for (let count = 16; count === 16; ) count = await input.fill(target)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(30 * mib)
  })
})

describe('programInput', () => {
  function run(commandLine: string): Input {
    const child = startChild(['sh', '-c', commandLine], { stdin: 'ignore', stdout: 'pipe', stderr: 'keep' })
    return programInput(child, 'data')
  }

  test('gives what the program writes', async () => {
    expect((await readAll(run('echo one; echo two'))).toString()).toBe('one\ntwo\n')
  })

  test('nothing is lost when it has ended long before it is read', async () => {
    const input = run('echo one; echo two')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect((await readAll(input)).toString()).toBe('one\ntwo\n')
  })

  test('a bad end stands in the place of the end, with what the program said', async () => {
    await expect(readAll(run('echo one; echo "cannot open pool" >&2; exit 1'))).rejects.toMatchObject({
      kind: 'data',
      message: 'sh ended with status 1: cannot open pool',
    })
  })

  test('closing it stops the program', async () => {
    const child = startChild(['sh', '-c', 'exec sleep 100'], { stdin: 'ignore', stdout: 'pipe', stderr: 'keep' })
    await programInput(child, 'data').close()
    expect(await child.ended).toEqual({ killedBy: 'SIGTERM' })
  })

  test('a program that ignores TERM is killed', { timeout: 15_000 }, async () => {
    const commandLine = 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
    const child = startChild(['sh', '-c', commandLine], { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' })
    await programInput(child, 'data').fill(new Uint8Array('ready\n'.length))
    await child.stop()
    expect(await child.ended).toEqual({ killedBy: 'SIGKILL' })
  })
})

test('the end of what goes to a program that was stopped is a failure, not a wait for ever', async () => {
  const child = startChild(['cat'], { stdin: 'pipe', stdout: 'pipe', stderr: 'keep' })
  const writer = writerTo(child, 'data')
  await writer.write(randomBytes(1000))
  await child.stop()
  await expect(writer.end()).rejects.toThrow('cat was killed by SIGTERM')
})
