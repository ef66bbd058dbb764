import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { completionScript } from '../../src/cli/completion.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { sample, sampleSuite } from './fakes/sample-command.ts'

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

// `zfs` lists tank/home@mon, tank/home@tue and dozer@mon here.
const suiteCases: readonly Case[] = [
  { typed: ['s'], offered: ['second'] },
  { typed: ['second', '--d'], offered: ['--depth'] },
  { typed: ['first', '--fo'], offered: ['--force', '--format'] },
  { typed: ['second', '--format', 'z'], offered: ['zfs'] },
  { typed: ['second', 'tank/home@m'], offered: ['tank/home@mon'] },
  { typed: ['second', 'dozer@mon', 't'], offered: ['tank/home@mon', 'tank/home@tue'] },
]

/** Runs a shell with the script sourced, in a folder that has one file, and gives the sorted lines that it writes. */
function lines(shell: string, commandLine: string, ...options: string[]): string[] {
  const folder = temporaryFolder()
  const program = commandLine.includes(sampleSuite.name) ? sampleSuite : sample
  writeFileSync(join(folder, 'script'), completionScript(program, shell))
  writeFileSync(join(folder, 'zfs'), '#!/bin/sh\nprintf "tank/home@mon\\ntank/home@tue\\ndozer@mon\\n"\n')
  chmodSync(join(folder, 'zfs'), 0o755)
  const { stdout, stderr, status } = spawnSync(shell, [...options, '-c', commandLine], {
    cwd: folder,
    env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
    encoding: 'utf8',
    timeout: 20_000,
  })
  if (status !== 0 || stderr !== '') throw new Error(`${shell} ended with ${status}: ${stderr}`)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}

describe.skipIf(!has('bash'))('completion (bash)', () => {
  const complete = (...words: string[]) => {
    const quoted = ['sample-cmd', ...words].map((word) => `'${word}'`).join(' ')
    const commandLine = `source ./script; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _sample_cmd; printf '%s\\n' "\${COMPREPLY[@]}"`
    return lines('bash', commandLine, '--norc')
  }

  it.each(cases)('$typed', ({ typed, offered }) => expect(complete(...typed)).toEqual(offered))

  // What readline makes of the words, and replaces: the last of them.
  const completeSuite = (...typed: string[]) => {
    const line = ['sample-suite', ...typed].join(' ')
    const words: string[] = [...(line.match(/[@:]|[^@: ]+/g) ?? [])]
    if (line.endsWith(' ')) words.push('')
    const set = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}`
    const commandLine = `source ./script; ${set}; COMP_LINE='${line}'; COMP_POINT=${line.length}; _sample_suite; printf '%s\\n' "\${COMPREPLY[@]}"`
    const before = typed.at(-1)?.replace(/[^@:]*$/, '') ?? ''
    return lines('bash', commandLine, '--norc').map((word) => before + word)
  }

  it.each(suiteCases)('of verbs: $typed', ({ typed, offered }) => expect(completeSuite(...typed)).toEqual(offered))

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

describe.skipIf(!has('fish'))('completion (fish)', () => {
  const complete = (typed: string) =>
    lines('fish', `source ./script; complete -C '${typed}'`, '--no-config').map((line) => line.replace(/\t.*/, ''))

  it.each(cases)('$typed', ({ typed, offered }) => expect(complete(`sample-cmd ${typed.join(' ')}`)).toEqual(offered))

  it.each(suiteCases)('of verbs: $typed', ({ typed, offered }) =>
    expect(complete(`sample-suite ${typed.join(' ')}`)).toEqual(offered),
  )

  it('offers values after =, files where a file is meant, and none where not', () => {
    expect(complete('sample-cmd --format=z')).toEqual(['--format=zfs'])
    expect(complete('sample-cmd --file scr')).toEqual(['script'])
    expect(complete('sample-cmd --size scr')).toEqual([])
  })
})

describe.skipIf(!has('zsh'))('completion (zsh)', () => {
  const script = join(import.meta.dirname, 'fakes/complete.zsh')
  const complete = (typed: string) => {
    const text = lines('zsh', `source ${script} '${typed}'`, '-f').join('\n')
    return [...new Set([...text.matchAll(/OFFER:([^\r\n]+)/g)].map(([, word]) => word))].sort()
  }

  it.each(cases)('$typed', ({ typed, offered }) => expect(complete(`sample-cmd ${typed.join(' ')}`)).toEqual(offered))

  it.each(suiteCases)('of verbs: $typed', ({ typed, offered }) =>
    expect(complete(`sample-suite ${typed.join(' ')}`)).toEqual(offered),
  )

  it('offers files where a file is meant', () => expect(complete('sample-cmd --file=scr')).toEqual(['script']))
})
