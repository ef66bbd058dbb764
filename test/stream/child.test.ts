import { getEventListeners } from 'node:events'
import { readdirSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { startChild } from '../../src/stream/child.ts'
import { programInput } from '../../src/stream/program-input.ts'
import { randomBytes, readAll } from '../fakes/inputs.ts'

it('tells whoever reads of it why it was stopped', async () => {
  const controller = new AbortController()
  const { signal } = controller
  const child = startChild(['sh', '-c', 'echo begun; exec sleep 30'], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
    signal,
  })
  const reason = new Error('enough')
  const ends = [text(child.stdout), child.ended].map((each) => each.catch((error: unknown) => error))
  await new Promise((resolve) => child.stdout.once('readable', resolve))
  controller.abort(reason)
  expect(await Promise.all(ends)).toEqual([reason, reason])
  const late = startChild(['sleep', '30'], { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit', signal })
  await expect(text(late.stdout)).rejects.toBe(reason)
  await expect(late.ended).rejects.toBe(reason)
})

const wide = { stdin: 'wide', stdout: 'wide', stderr: 'keep' } as const
const openDescriptors = () => readdirSync('/proc/self/fd').length

it('gives a stream to a program and takes one from it by wide pipes, of which none is left', async () => {
  const bytes = randomBytes(5_000_000)
  const copied = async () => {
    const child = startChild(['cat'], wide)
    const output = child.output()
    const read = readAll(output)
    child.stdin.end(bytes)
    expect(Buffer.compare(await read, bytes)).toBe(0)
    expect(await child.ended).toEqual({ status: 0 })
    await output.close()
  }
  await copied()
  const before = openDescriptors()
  for (let count = 0; count < 5; count++) await copied()
  await expect.poll(openDescriptors).toBe(before)
})

const gathered = { stdin: 'pipe', stdout: 'gathered', stderr: 'inherit' } as const

it('gathers the lines of a program: all of them, few at a time while it runs, the rest at its end', async () => {
  const before = openDescriptors()
  const child = startChild(['sh', '-c', 'echo begun; read line; seq 200000'], gathered)
  const pieces: string[] = []
  for await (const piece of child.stdout) {
    // It waits for us to have read this.
    if (pieces.length === 0) child.stdin.end('on\n')
    pieces.push(String(piece))
  }
  expect(pieces[0]).toBe('begun\n')
  expect(pieces.join('')).toBe(`begun\n${Array.from({ length: 200_000 }, (_, index) => `${index + 1}\n`).join('')}`)
  expect(pieces.length).toBeLessThan(1000)
  expect(await child.ended).toEqual({ status: 0 })
  await expect.poll(openDescriptors).toBe(before)
})

it('whoever reads gathered lines learns why their program was stopped, and that there is none', async () => {
  const before = openDescriptors()
  const controller = new AbortController()
  const { signal } = controller
  const child = startChild(['sh', '-c', 'echo begun; exec sleep 30'], { ...gathered, signal })
  const reason = new Error('enough')
  const ends = [text(child.stdout), child.ended].map((each) => each.catch((error: unknown) => error))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  controller.abort(reason)
  expect(await Promise.all(ends)).toEqual([reason, reason])
  const unread = startChild(['sleep', '30'], { ...gathered, signal })
  await expect(unread.ended).rejects.toBe(reason)
  const missing = startChild(['no-such-program'], gathered)
  expect(await text(missing.stdout)).toBe('')
  await expect(missing.ended).rejects.toThrow('no-such-program: no such program')
  await expect.poll(openDescriptors).toBe(before)
})

it('no signal knows of a program with wide pipes that has ended', async () => {
  const { signal } = new AbortController()
  const input = programInput(startChild(['echo', 'abc'], { ...wide, stdin: 'ignore', signal }), 'data')
  expect((await readAll(input)).toString()).toBe('abc\n')
  await input.close()
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

it('a program with wide pipes that ends early, is not there, or is stopped, is told as one with others', async () => {
  const early = startChild(['sh', '-c', 'printf abc; exit 3'], wide)
  early.stdin.on('error', () => {})
  const isTaken = new Promise((resolve) => early.stdin.write(new Uint8Array(3_000_000), (error) => resolve(!error)))
  expect((await readAll(early.output())).toString()).toBe('abc')
  expect([await early.ended, await isTaken]).toEqual([{ status: 3 }, false])
  const absent = startChild(['no-such-program'], wide)
  expect((await readAll(absent.output())).length).toBe(0)
  await expect(absent.ended).rejects.toMatchObject({ kind: 'unavailable' })
  const controller = new AbortController()
  const stopped = startChild(['sleep', '30'], { ...wide, signal: controller.signal })
  const waiting = stopped.output().fill(new Uint8Array(1))
  controller.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await expect(stopped.ended).rejects.toThrow('enough')
})

it('waits for no descendant that keeps stderr open', { timeout: 20_000 }, async () => {
  const child = startChild(['sh', '-c', 'sleep 60 >/dev/null & echo $! >&2; exit 3'], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'keep',
  })
  child.stdout.resume()
  expect(await child.ended).toEqual({ status: 3 })
  process.kill(Number(child.stderrTail()))
})
