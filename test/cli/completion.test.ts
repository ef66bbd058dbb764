import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { completionScript } from '../../src/cli/completion.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { sample } from './fakes/sample-command.ts'

const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0

interface Case {
  readonly typed: readonly string[]
  readonly offered: readonly string[]
}

// The last word is the one under the cursor.
const cases: readonly Case[] = [
  { typed: ['--fo'], offered: ['--force', '--format'] },
  { typed: ['--no'], offered: ['--no-check'] },
  { typed: ['--chunk'], offered: ['--chunk-size'] },
  { typed: ['--format', ''], offered: ['auto', 'zfs'] },
  { typed: ['--format', 'z'], offered: ['zfs'] },
  { typed: ['--force', '--completion', 'b'], offered: ['bash'] },
]

/** Runs a shell with the script sourced, in a folder that has one file, and gives the sorted lines that it writes. */
function lines(shell: string, commandLine: string, ...options: string[]): string[] {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'script'), completionScript(sample, shell))
  const { stdout, stderr, status } = spawnSync(shell, [...options, '-c', commandLine], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 20_000,
  })
  if (status !== 0 || stderr !== '') throw new Error(`${shell} ended with ${status}: ${stderr}`)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}

describe.skipIf(!has('bash'))('bash', () => {
  const complete = (...words: string[]) => {
    const quoted = ['sample-cmd', ...words].map((word) => `'${word}'`).join(' ')
    const commandLine = `source ./script; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _sample_cmd; printf '%s\\n' "\${COMPREPLY[@]}"`
    return lines('bash', commandLine, '--norc')
  }

  it.each(cases)('$typed', ({ typed, offered }) => expect(complete(...typed)).toEqual(offered))

  it('knows that --format=z are three words to bash', () => {
    expect(complete('--format', '=', 'z')).toEqual(['zfs'])
    expect(complete('--format', '=')).toEqual(['auto', 'zfs'])
  })

  it('leaves files to bash', () => {
    expect(complete('--file', '')).toEqual([])
    expect(lines('bash', 'source ./script; complete -p sample-cmd', '--norc')).toEqual([
      'complete -o default -F _sample_cmd sample-cmd',
    ])
  })
})

describe.skipIf(!has('fish'))('fish', () => {
  const complete = (typed: string) =>
    lines('fish', `source ./script; complete -C '${typed}'`, '--no-config').map((line) => line.replace(/\t.*/, ''))

  it.each(cases)('$typed', ({ typed, offered }) => expect(complete(`sample-cmd ${typed.join(' ')}`)).toEqual(offered))

  it('offers values after =, files where a file is meant, and none where not', () => {
    expect(complete('sample-cmd --format=z')).toEqual(['--format=zfs'])
    expect(complete('sample-cmd --file scr')).toEqual(['script'])
    expect(complete('sample-cmd --size scr')).toEqual([])
  })
})

describe.skipIf(!has('zsh'))('zsh', () => {
  const script = join(import.meta.dirname, 'fakes/complete.zsh')
  const complete = (typed: string) => {
    const text = lines('zsh', `source ${script} '${typed}'`, '-f').join('\n')
    return [...new Set([...text.matchAll(/OFFER:([^\r\n]+)/g)].map(([, word]) => word))].sort()
  }

  it.each(cases)('$typed', ({ typed, offered }) => expect(complete(`sample-cmd ${typed.join(' ')}`)).toEqual(offered))

  it('offers files where a file is meant', () => expect(complete('sample-cmd --file=scr')).toEqual(['script']))
})
