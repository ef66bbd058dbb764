import type { Duplex, Writable } from 'node:stream'
import { Failure, type FailureKind } from '../errors.ts'
import { type ChildEnd, describeBadEnd, shellCommand, startChild } from '../stream/child.ts'
import { openInput } from '../stream/input.ts'
import { type Output, openOutput } from '../stream/output.ts'
import { ReadableInput } from '../stream/readable-input.ts'
import { unlessSlow } from '../stream/unless-slow.ts'
import type { Link } from './channel.ts'

// Whoever has heard the last words, or is gone without a trace.
const farewellMs = 5000

/** The two ends of a shell command line, such as `ssh host zfsync-recv backup/data`. */
export function commandLink(commandLine: string, signal: AbortSignal): Link {
  const child = startChild(shellCommand(commandLine), {
    stdin: 'wide',
    stdout: 'wide',
    stderr: 'inherit',
    signal,
    isGroup: true,
  })
  // An error is reported by the write it belongs to.
  child.stdin.on('error', () => {})
  const output = child.output()
  let hasSpoken = false
  const badEnd = async (kindOf: (end: ChildEnd) => FailureKind) => {
    const end = await child.ended
    const bad = describeBadEnd(end)
    return bad === undefined ? undefined : new Failure(kindOf(end), `${child.name} ${bad}`)
  }
  const input = {
    async fill(target: Uint8Array) {
      const count = await output.fill(target)
      hasSpoken ||= count > 0
      return count
    },
    close: () => output.close(),
  }
  let hasEndedWell = false
  return {
    input,
    async write(...pieces) {
      // If it reads no more it has ended: what is read from it will say so, after its last words.
      await writeTo(child.stdin, pieces).catch(() => {})
    },
    async finish() {
      child.stdin.end()
      // It has said its last word; that it is alive may come after it. With that unread, its end would not be told.
      const rest = new Uint8Array(4096)
      while ((await input.fill(rest)) > 0);
      const bad = await badEnd(() => 'unavailable')
      if (bad !== undefined) throw bad
      hasEndedWell = true
    },
    // To stop it takes a program of its own.
    close: () => (hasEndedWell ? input.close() : child.stop()),
    // Where ssh was there, and its line broke, the same command may bring more.
    explainEnd: () => badEnd((end) => (hasSpoken && isViolent(end) ? 'retry' : 'unavailable')),
  }
}

/** By a signal, here or behind a shell; or ssh lost its connection (255). */
function isViolent(end: ChildEnd): boolean {
  return 'killedBy' in end || end.status > 128
}

/** Resolves when the last has gone. Of a destroyed stream, Node never calls back. */
async function writeTo(stream: Writable, pieces: readonly Uint8Array[]): Promise<void> {
  if (stream.destroyed) return
  await new Promise<void>((resolve, reject) => {
    // As one: whoever reads is woken once.
    stream.cork()
    for (const piece of pieces.slice(0, -1)) stream.write(piece)
    stream.write(pieces.at(-1), (error) => (error ? reject(error) : resolve()))
    stream.uncork()
  })
}

/** Our own stdin and stdout, as ssh gives them to the command that it starts. */
export function standardLink(signal: AbortSignal): Link {
  const input = openInput(0, signal)
  const output = openOutput(1, signal)
  return {
    input,
    write: (...pieces) => writeAll(output, pieces),
    finish: () => output.flush(),
    close: () => input.close(),
  }
}

/** A connection over TCP, encrypted or not. Whatever breaks it is a Failure 'retry'. */
export function socketLink(socket: Duplex): Link {
  let failure: Error | undefined
  socket.on('error', (error) => {
    failure ??= error
  })
  const lost = (error: Error) =>
    new Failure('retry', `the connection is lost: ${(failure ?? error).message}`, { cause: error })
  const input = new ReadableInput(socket)
  return {
    input: {
      fill: (target) =>
        input.fill(target).catch((error) => {
          throw lost(error)
        }),
      close: () => input.close(),
    },
    async write(...pieces) {
      if (socket.destroyed) throw lost(new Error('it is closed'))
      await writeTo(socket, pieces).catch((error) => {
        throw lost(error)
      })
    },
    async finish() {
      await new Promise<void>((resolve) => socket.end(() => resolve()))
      // Closed while more comes, the connection would be reset, and the peer lose what it has not read: our last words.
      await unlessSlow(input.discard(), farewellMs)
    },
    async close() {
      socket.destroy()
    },
  }
}

/** Only there to be written to: what comes out is read later, or elsewhere. */
export function outputLink(signal: AbortSignal): Link {
  const output = openOutput(1, signal)
  return {
    input: { fill: async () => 0, close: async () => {} },
    write: (...pieces) => writeAll(output, pieces),
    finish: () => output.flush(),
    close: async () => {},
  }
}

async function writeAll(output: Output, pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) await output.write(piece)
}
