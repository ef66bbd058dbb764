import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { filesBelow, temporaryFolder } from '../fakes/folder.ts'
import { root, runProgram, type Started, start, startShell } from '../fakes/programs.ts'

interface Busy {
  readonly what: string
  words(folder: string): readonly string[]
  /** An endless input is written to it. */
  readonly isFed?: true
  /** A temporary file is there as long as it is busy. */
  readonly leaves?: true
  /** Nobody reads its output: it is stuck in a write. */
  readonly isStuck?: true
}

/** How a program is put to each test that all must pass. Each call gets an empty folder, and may leave files in none but `in/`. */
interface Calls {
  /** Files that the calls need, made in `in/`. */
  prepare?(folder: string): Promise<void>
  /** Calls that go on until they are stopped. */
  readonly busy: readonly Busy[]
  /** A command line whose `$PROGRAM` writes more to stdout than a closed pipe takes. */
  writes(folder: string): string
  /** Words for a call that would read or write bytes at the terminal, where there is one. */
  atTerminal?(folder: string): readonly string[]
}

const object = (folder: string) => `file://${folder}/in/object`

const calls: Readonly<Record<string, Calls>> = {
  pput: {
    busy: [
      {
        what: 'in the middle of a stream',
        words: (folder) => ['--format=bytes', `file://${folder}/store/key`],
        isFed: true,
        leaves: true,
      },
      { what: 'before the first byte', words: (folder) => [`file://${folder}/store/key`] },
      {
        what: 'through a program',
        words: (folder) => ['--format=bytes', '--through=cat', `file://${folder}/store/key`],
        isFed: true,
        leaves: true,
      },
      {
        what: 'from a program',
        words: (folder) => [`file://${folder}/store/key`, '--', 'sh', '-c', 'while echo x; do sleep 0.01; done'],
      },
    ],
    writes: (folder) => `echo x | $PROGRAM --json file://${folder}/in/written`,
    atTerminal: (folder) => [`file://${folder}/store/key`],
  },
  pget: {
    async prepare(folder) {
      const { status, stderr } = await runProgram('pput', [object(folder)], Buffer.alloc(32 << 20, 'x'))
      if (status !== 0) throw new Error(stderr)
    },
    busy: [
      { what: 'into a pipe', words: (folder) => ['--bwlimit=1M', object(folder)] },
      { what: 'into a pipe that nobody reads', words: (folder) => [object(folder)], isStuck: true },
      {
        what: 'into a file',
        words: (folder) => ['--bwlimit=1M', '-o', `${folder}/file`, object(folder)],
        leaves: true,
      },
      { what: 'through a program', words: (folder) => ['--bwlimit=1M', '--through=cat', object(folder)] },
    ],
    writes: (folder) => `$PROGRAM ${object(folder)}`,
    atTerminal: (folder) => [object(folder)],
  },
  chunkwatch: {
    async prepare(folder) {
      for (const name of ['in/chunks', 'in/store']) mkdirSync(join(folder, name))
    },
    busy: [
      { what: 'watching', words: (folder) => [`${folder}/in/chunks`, `file://${folder}/in/store`] },
      {
        what: 'cutting a stream',
        words: (folder) => ['--split=64K', `${folder}/in/chunks`, `file://${folder}/in/store`],
        isFed: true,
      },
      { what: 'without a name', words: (folder) => ['-', `--state=${folder}/in/chunks`, `file://${folder}/in/store`] },
    ],
    writes: (folder) => `head -c 100 /dev/zero | $PROGRAM --split=10 ${folder}/in/chunks file://${folder}/in/store`,
    atTerminal: (folder) => ['--split=64K', `${folder}/in/chunks`, `file://${folder}/in/store`],
  },
  dsync: {
    async prepare(folder) {
      mkdirSync(join(folder, 'in/src'))
      writeFileSync(join(folder, 'in/src/large'), Buffer.alloc(32 << 20, 'x'))
    },
    busy: [
      {
        what: 'copying',
        words: (folder) => ['--bwlimit=1M', `--working-dir=${folder}/in/work`, `${folder}/in/src`, `${folder}/in/dst`],
      },
    ],
    writes: (folder) => `$PROGRAM --working-dir=${folder}/in/work ${folder}/in/src ${folder}/in/dst`,
  },
  'zfsync-send': {
    async prepare(folder) {
      const rows = ['tank\tfilesystem\t1\t1\t-\toff', 'tank@mon\tsnapshot\t2\t2\t-\toff']
      writeFileSync(join(folder, 'in/zfs'), `#!/bin/sh\nprintf '${rows.join('\\n')}\\n'\n`, { mode: 0o755 })
      copyFileSync(`${root}/test/vectors/formats-1/zfsync/have`, join(folder, 'in/have'))
    },
    busy: [{ what: 'waiting for what the receiver has', words: () => ['--have', '-', 'tank'] }],
    writes: (folder) => `PATH=${folder}/in:$PATH $PROGRAM --have ${folder}/in/have tank`,
    atTerminal: () => ['tank'],
  },
  'zfsync-recv': {
    async prepare(folder) {
      const row = 'backup\tfilesystem\t1\t1\t-\toff'
      writeFileSync(join(folder, 'in/zfs'), `#!/bin/sh\nprintf '${row}\\n'\n`, { mode: 0o755 })
    },
    busy: [
      { what: 'waiting for a sender', words: () => ['backup'] },
      { what: 'listening', words: () => ['--listen=127.0.0.1:0', '--insecure', 'backup'] },
    ],
    writes: (folder) => `PATH=${folder}/in:$PATH $PROGRAM --inventory backup`,
    atTerminal: () => ['backup'],
  },
  zsnap: {
    busy: [{ what: 'checking a stream that does not come', words: () => ['check'] }],
    writes: () => `gzip -dc ${root}/test/vectors/demo/full.zfs.gz | $PROGRAM check`,
    atTerminal: () => ['check'],
  },
  'zudp-send': {
    prepare: makeKey,
    busy: [
      {
        what: 'calling one who is not there',
        words: (folder) => ['--key', `${folder}/in/key`, '127.0.0.1:9'],
        isFed: true,
      },
    ],
    writes: () => '$PROGRAM --help',
    atTerminal: (folder) => ['--key', `${folder}/in/key`, '127.0.0.1:9'],
  },
  'zudp-recv': {
    prepare: makeKey,
    busy: [{ what: 'waiting for a sender', words: (folder) => ['--key', `${folder}/in/key`, '127.0.0.1:18337'] }],
    writes: (folder) =>
      `head -c 2000000 /dev/zero | node ${root}/bin/zudp-send --key ${folder}/in/key 127.0.0.1:18338 2>/dev/null & $PROGRAM --key ${folder}/in/key 127.0.0.1:18338`,
    atTerminal: (folder) => ['--key', `${folder}/in/key`, '127.0.0.1:18339'],
  },
}

async function makeKey(folder: string): Promise<void> {
  const { status, stderr } = await runProgram('zudp-send', ['--new-key', `${folder}/in/key`])
  if (status !== 0) throw new Error(stderr)
}

/** Starts a busy call and waits until it is at work, or only until it hears signals. */
async function startBusy(program: string, call: Busy, folder: string, isAtWork = true): Promise<Started> {
  const started = start(program, call.words(folder))
  const { child } = started
  if (call.isStuck) {
    child.stdout.pause()
    child.once('exit', () => child.stdout.resume())
  }
  const piece = Buffer.alloc(64 << 10, 'x')
  const feed = setInterval(() => call.isFed && child.stdin.writableLength === 0 && child.stdin.write(piece), 5)
  const ended = started.ended.finally(() => clearInterval(feed))
  while (!(call.leaves && isAtWork ? left(folder).length > 0 : hearsSignals(child.pid)) && child.exitCode === null)
    await sleep(50)
  // From hearing signals to the work there is only the import of its modules.
  if (isAtWork) await sleep(500)
  if (child.exitCode !== null) throw new Error(`not busy: ${JSON.stringify(await ended)}`)
  return { ...started, ended }
}

/** Whether a process has a handler for HUP, the signal that Node itself never handles. */
function hearsSignals(pid: number | undefined): boolean {
  const [, caught = '0'] = /^SigCgt:\t(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return (BigInt(`0x${caught}`) & 1n) === 1n
}

function left(folder: string): string[] {
  return filesBelow(folder).filter((file) => !file.startsWith('in/'))
}

describe.each(readdirSync(join(root, 'bin')))('%s', { timeout: 30_000 }, (program) => {
  const call = calls[program]
  if (call === undefined) throw new Error(`${program} has no row in this table: say how it is kept busy`)
  let folder: string
  beforeEach(async () => {
    folder = temporaryFolder()
    mkdirSync(join(folder, 'in'))
    await call.prepare?.(folder)
  })

  it.each([['--help'], ['-h'], ['--version'], ['--version', '--verbose'], ['--completion=bash']])(
    '%s %s: 0, on stdout alone',
    async (...words) => {
      const { status, stdout, stderr } = await runProgram(program, words)
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(stdout).toContain(program)
    },
  )

  it('a bad command line: 64, one line, one hint', async () => {
    const expected = (message: string) => ({
      status: 64,
      stdout: '',
      stderr: `${program}: ${message}\n${program}: hint: try ${program} --help\n`,
    })
    expect(await runProgram(program, ['--no-such-option'])).toEqual(expected('unknown option --no-such-option'))
    expect(await runProgram(program, ['--config'])).toEqual(expected('option --config needs a value'))
    expect(await runProgram(program, ['-q', '--progress'])).toEqual(
      expected('options --progress and --quiet exclude each other'),
    )
  })

  it('a bad configuration: 78', async () => {
    const file = join(folder, 'in/conf')
    writeFileSync(file, '[main]\nbukket = x\n')
    const { status, stderr } = await runProgram(program, [`--config=${file}`, 'key'])
    expect({ status, stderr }).toEqual({ status: 78, stderr: `${program}: ${file}:2: unknown setting BUKKET\n` })
  })

  it.each(['--help', 'output'])('%s into a closed pipe: 141, silently', async (what) => {
    const commandLine = what === '--help' ? '$PROGRAM --help' : call.writes(folder)
    // The reader is gone before the program starts: were it later, what the pipe holds might be all.
    const { ended } = startShell(program, `set -o pipefail; { sleep 0.2; ${commandLine}; } | exec true`)
    expect(await ended).toEqual({ status: 141, stdout: '', stderr: '' })
  })

  it.each(['--help', '--version', 'output'])('%s to a full disk: 74', async (what) => {
    const commandLine = what === 'output' ? call.writes(folder) : `$PROGRAM ${what}`
    const { status, stderr } = await startShell(program, `{ ${commandLine}; } > /dev/full`).ended
    expect(status).toBe(74)
    expect(stderr).toMatch(new RegExp(`^${program}: .*no space left on device\n$`))
  })

  it('at a terminal, instead of bytes: 64 and what to do', async ({ skip }) => {
    const words = call.atTerminal?.(folder).join(' ') ?? skip('it reads and writes no bytes there')
    const { status, stdout } = await startShell(program, `script -qec "$PROGRAM ${words}" /dev/null`).ended
    expect(status).toBe(64)
    expect(stdout).toMatch(
      new RegExp(
        `${program}: (stdin is a terminal|stdout is a terminal, and the output is binary)\r\n${program}: hint: pipe `,
      ),
    )
    if (stdout.includes('stdin')) expect(stdout).toMatch(new RegExp(`^usage: ${program} `))
    expect(left(folder)).toEqual([])
  })

  describe.each(call.busy)('$what', (busy) => {
    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const)('%s: %d, soon, and nothing is left behind', async (signal, status) => {
      const { child, ended } = await startBusy(program, busy, folder)
      const sentMs = performance.now()
      child.kill(signal)
      expect(await ended).toMatchObject({ status, stderr: '' })
      expect(performance.now() - sentMs).toBeLessThan(4000)
      expect(left(folder)).toEqual([])
    })

    it('SIGTERM while it starts: 143, soon, and nothing is left behind', async () => {
      const { child, ended } = await startBusy(program, busy, folder, false)
      const sentMs = performance.now()
      child.kill('SIGTERM')
      expect(await ended).toMatchObject({ status: 143, stderr: '' })
      expect(performance.now() - sentMs).toBeLessThan(4000)
      expect(left(folder)).toEqual([])
    })

    it('a second INT ends it at once', async () => {
      const { child, ended } = await startBusy(program, busy, folder)
      const sentMs = performance.now()
      child.kill('SIGINT')
      child.kill('SIGINT')
      expect((await ended).status).toBe(130)
      expect(performance.now() - sentMs).toBeLessThan(2000)
    })
  })
})

it('pget writes no bytes to a terminal that -o - names either', async () => {
  const url = object(temporaryFolder())
  const { status, stdout } = await startShell('pget', `script -qec "$PROGRAM -o - ${url}" /dev/null`).ended
  expect({ status, stdout }).toMatchObject({ status: 64, stdout: expect.stringContaining('stdout is a terminal') })
})
