import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { root, runProgram, start, startShell } from '../fakes/programs.ts'

const sample = `${root}/test/fakes/sample-program.js`

describe('the end of a program', () => {
  it('is 0 and silent when all is well', async () => {
    expect(await runProgram(sample, ['nothing'])).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it.skipIf(process.getuid?.() !== 0)('is the same for a user without a home and without a name', async () => {
    const { ended } = startShell(sample, 'env -u HOME setpriv --reuid 54321 --clear-groups $PROGRAM nothing')
    expect(await ended).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('is the status of its failure, one line and a hint', async () => {
    const stderr = 'sample: part 17: 3f in the store, 9c sent\nsample: hint: run it again\n'
    expect(await runProgram(sample, ['fail'])).toEqual({ status: 65, stdout: '', stderr })
    const verbose = await runProgram(sample, ['-v', 'fail'])
    expect(verbose.stderr).toBe(`${stderr}sample: cause: the disk says no\n`)
  })

  it('is 70 and a stack for a bug, awaited or not', async () => {
    const bug = await runProgram(sample, ['bug'])
    expect(bug.status).toBe(70)
    expect(bug.stderr).toMatch(/^sample: this is a bug: TypeError: .*\n.*\n +at .*sample-program\.js/)
    const stray = await runProgram(sample, ['stray'])
    expect(stray.status).toBe(70)
    expect(stray.stderr).toContain('sample: this is a bug: TypeError: nobody waits for this')
  })

  it('is never success when nothing is left to wait for but the work is not done', async () => {
    const { status, stderr } = await runProgram(sample, ['forever'])
    expect(status).toBe(70)
    expect(stderr).toContain('nothing is left to wait for, but the work is not done')
  })
})

describe('what it writes', () => {
  it('is whole, through a slow pipe too', async () => {
    const { ended } = startShell(sample, '$PROGRAM print | { sleep 0.3; sha256sum; }')
    const lines = Array.from({ length: 100_000 }, (_, index) => `line ${index + 1} of many\n`).join('')
    const { createHash } = await import('node:crypto')
    expect((await ended).stdout).toBe(`${createHash('sha256').update(lines).digest('hex')}  -\n`)
  })

  it('is whole through a pipe that another program made non-blocking', async () => {
    const unblock = `python3 -c 'import fcntl,os; fcntl.fcntl(1, fcntl.F_SETFL, fcntl.fcntl(1, fcntl.F_GETFL) | os.O_NONBLOCK)'`
    const { ended } = startShell(
      sample,
      `{ ${unblock}; $PROGRAM print; echo "status $?" >&2; } | { sleep 0.5; wc -l; }`,
    )
    expect(await ended).toMatchObject({ stdout: '100000\n', stderr: 'status 0\n' })
  })

  it('ends with 141 and no word when nobody reads it', async () => {
    const { ended } = startShell(sample, 'set -o pipefail; $PROGRAM print | head -n 1; echo "status $?"')
    expect(await ended).toEqual({ status: 0, stdout: 'line 1 of many\nstatus 141\n', stderr: '' })
  })

  it('ends with 74 on a full disk', async () => {
    const { ended } = startShell(sample, '$PROGRAM print > /dev/full')
    expect(await ended).toEqual({
      status: 74,
      stdout: '',
      stderr: 'sample: cannot write stdout: no space left on device\n',
    })
  })

  it('is nothing that drives the terminal', async () => {
    const { stderr } = await runProgram(sample, ['say'])
    expect(stderr).toBe('sample: tank/\\x1b[31mhome@mon\\nis odd\nsample: hint: look at it\n')
  })

  it('is JSON with a schema number where asked for', async () => {
    expect((await runProgram(sample, ['event'])).stdout).toBe('')
    expect((await runProgram(sample, ['--json', 'event'])).stdout).toBe(
      '{"schema":1,"key":"tank/home@mon","bytes":1}\n',
    )
  })

  it('does not depend on stderr', async () => {
    expect((await startShell(sample, '$PROGRAM say 2> /dev/full').ended).status).toBe(0)
    expect((await startShell(sample, 'set -o pipefail; $PROGRAM fail 2>&1 >/dev/null | true').ended).status).toBe(65)
  })
})

describe('signals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s stops cleanly, then ends the program itself', async (signal, status) => {
    const { child, ended, saw } = start(sample, ['patient'])
    await saw('ready')
    child.kill(signal)
    expect(await ended).toMatchObject({ status, stderr: `sample: ready\nsample: cleaned up after ${signal}\n` })
    expect(child.signalCode).toBe(signal)
  })

  it('the abort is not reported as a failure', async () => {
    const { child, ended, saw } = start(sample, ['throwing'])
    await saw('ready')
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ status: 143, stderr: 'sample: ready\n' })
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('the second, %s, ends it at once', async (second) => {
    const { child, ended, saw } = start(sample, ['stubborn'])
    await saw('ready')
    child.kill('SIGINT')
    await saw('heard')
    await sleep(300)
    expect(child.exitCode ?? child.signalCode).toBeNull()
    const sentMs = performance.now()
    child.kill(second)
    await ended
    expect(child.signalCode).toBe(second)
    expect(performance.now() - sentMs).toBeLessThan(1000)
  })

  it('a cleanup that takes more than 10 s is cut short', { timeout: 30_000 }, async () => {
    const { child, ended, saw } = start(sample, ['stubborn'])
    await saw('ready')
    const sentMs = performance.now()
    child.kill('SIGTERM')
    expect((await ended).status).toBe(143)
    expect(performance.now() - sentMs).toBeGreaterThan(9000)
  })

  it('a shell loop is stopped by INT', async () => {
    const { child, ended, saw } = startShell(sample, 'for i in 1 2 3; do $PROGRAM patient; done')
    await saw('ready')
    const { execFileSync } = await import('node:child_process')
    execFileSync('bash', ['-c', `kill -INT $(pgrep -P ${child.pid}) ${child.pid}`])
    const { stderr } = await ended
    expect(stderr.match(/ready/g)).toHaveLength(1)
    expect(child.signalCode).toBe('SIGINT')
  })
})

describe('progress', () => {
  it('is silent on what is no terminal', async () => {
    expect(await runProgram(sample, ['moving', '--ms=2200'])).toMatchObject({ status: 0, stderr: 'sample: ready\n' })
  })

  it('is a line a second with --progress', async () => {
    const { stderr } = await runProgram(sample, ['moving', '--ms=2500', '--progress'])
    const [, ...lines] = stderr.trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(
      /^sample: (0\.9\d|1\.0\d) GiB, [\d.]+ [MG]iB\/s, (9|10)% of 10.0 GiB, ETA \d+s, in 50% out 25% work 25%$/,
    )
    expect(lines[2]).toMatch(/^sample: 2\.[45]\d GiB, [\d.]+ [MG]iB\/s, [23]s, in /)
  })

  it('is redrawn on a terminal, without escape sequences, and ends in a line of its own', async () => {
    const { ended } = startShell(sample, 'script -qec "$PROGRAM moving --ms=2500" /dev/null')
    const { stdout } = await ended
    const [first, drawn, ...rest] = stdout.split('\r\n')
    expect([first, rest]).toEqual(['sample: ready', ['']])
    expect(drawn?.split('\r').filter((line) => line !== '')).toHaveLength(3)
    expect(stdout).not.toContain('\x1b')
    for (const line of drawn?.split('\r') ?? []) expect(line.length).toBeLessThan(80)
  })

  it('is stopped by --quiet', async () => {
    const { ended } = startShell(sample, 'script -qec "$PROGRAM moving -q --ms=1500" /dev/null')
    expect((await ended).stdout).toBe('sample: ready\r\n')
  })

  it('is told once at USR1, and no debugger is opened', async () => {
    const { child, ended, saw } = start(sample, ['moving', '--ms=1500'])
    await saw('ready')
    await sleep(200)
    child.kill('SIGUSR1')
    const { status, stderr } = await ended
    expect(status).toBe(0)
    expect(stderr).toMatch(/^sample: ready\nsample: \d+ MiB, .* of 10.0 GiB, .*\n$/)
  })
})

describe('what is loaded for --help', () => {
  it('is nothing but declarations', async () => {
    const { readdirSync } = await import('node:fs')
    for (const program of readdirSync(`${root}/bin`)) {
      const hook = `${root}/test/fakes/loaded-modules.js`
      const { ended } = startShell(program, '$PROGRAM --help > /dev/null', { NODE_OPTIONS: `--import=${hook}` })
      const loaded = (await ended).stderr
        .trim()
        .split('\n')
        .map((url) => url.replace(`file://${root}/`, ''))
      const foreign = loaded.filter((url) => !/^(node:|bin\/|dist\/(cli|commands|errors))/.test(url))
      expect(loaded).toContain('dist/cli/run.js')
      expect(foreign).toEqual([])
    }
  })
})
