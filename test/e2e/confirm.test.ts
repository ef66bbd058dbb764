import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { root, sh } from '../fakes/programs.ts'

/** Asks once, and prints what came of it; `$ASK` runs it. An abort comes after `abortMs`. */
const ask = (abortMs = 20_000) => `cat >ask.mjs <<'END'
import { confirm } from '${root}/dist/cli/confirm.js'
const answered = confirm('go on?', AbortSignal.timeout(${abortMs})).then(() => 'yes', (error) => error.kind + ': ' + error.message)
answered.then((what) => { console.log('<' + what + '>'); process.exit() })
END
ASK="${process.execPath} $PWD/ask.mjs"; `

const printed = ({ stdout }: { stdout: string }) => /<(.*)>/.exec(stdout)?.[1]

describe('a question at a terminal', () => {
  it.each(['y', 'Y', 'yes', ' yes '])('%s is yes', async (answer) => {
    const ended = await sh(`${ask()} echo '${answer}' | script -qec "$ASK" /dev/null`, temporaryFolder())
    expect(ended.stdout).toContain('go on? [y/N] ')
    expect(printed(ended)).toBe('yes')
  })

  it.each(['n', '', 'yesterday', 'no yes'])("'%s' is not", async (answer) => {
    const ended = await sh(`${ask()} echo '${answer}' | script -qec "$ASK" /dev/null`, temporaryFolder())
    expect(printed(ended)).toBe('usage: not confirmed, nothing was done')
  })

  it('nor is the end of input', async () => {
    const ended = await sh(`${ask()} script -qec "$ASK" /dev/null </dev/null`, temporaryFolder())
    expect(printed(ended)).toBe('usage: not confirmed, nothing was done')
  })

  it('is answered at the terminal, whatever stdin is', async () => {
    const ended = await sh(`${ask()} echo y | script -qec "echo n | $ASK" /dev/null`, temporaryFolder())
    expect(printed(ended)).toBe('yes')
  })

  it('ends with the abort', async () => {
    const ended = await sh(`${ask(300)} sleep 5 | script -qec "$ASK" /dev/null`, temporaryFolder())
    expect(printed(ended)).toBe('undefined: The operation was aborted due to timeout')
  })
})

it('without a terminal nobody is asked', async () => {
  const ended = await sh(`${ask()} setsid $ASK </dev/null`, temporaryFolder())
  expect({ ...ended, stdout: printed(ended) }).toEqual({
    status: 0,
    stdout: 'usage: go on? there is no terminal to ask at',
    stderr: '',
  })
})
