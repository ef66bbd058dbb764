import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Command } from '../../src/cli/command.ts'
import { commandOf } from '../../src/cli/command-of.ts'
import { allOptions } from '../../src/cli/common-options.ts'
import { withGeneratedParts } from '../../src/cli/man-page.ts'
import { generatedSections } from '../../src/cli/mdoc.ts'
import { spellings } from '../../src/cli/words.ts'
import { sample, sampleSuite } from './fakes/sample-command.ts'

const root = join(import.meta.dirname, '../..')
const programs = readdirSync(join(root, 'bin'))
const pages = existsSync(join(root, 'man')) ? readdirSync(join(root, 'man')) : []
const hasMandoc = spawnSync('mandoc', ['-T', 'lint', '/dev/null']).error === undefined

const pageOf = (program: string) => readFileSync(join(root, 'man', `${program}.1`), 'utf8')

function mandoc(type: string, page: string): string {
  const { stdout, status } = spawnSync('mandoc', ['-T', type, '-W', 'warning'], { input: page, encoding: 'utf8' })
  if (type !== 'lint' && status !== 0) throw new Error(`mandoc ended with ${status}`)
  // Bold and underline are written by backspacing.
  return stdout.replace(/.[\b]/g, '')
}

function visibleOptions(command: Command) {
  const commands = command.verbs ?? [command]
  return commands
    .flatMap((each) => Object.entries(allOptions(each)))
    .filter(([, option]) => option.hidden !== true && option.flag !== false)
}

describe.each(programs)('the page of %s', (program) => {
  it('fits the declaration (if not: npm run man)', async () => {
    const page = pageOf(program)
    expect(withGeneratedParts(page, await commandOf(program))).toBe(page)
  })

  it('names itself', async () => {
    const { name, summary } = await commandOf(program)
    expect(pageOf(program)).toContain(`.Dt ${name.toUpperCase()} 1\n.Os\n.Sh NAME\n.Nm ${name}\n.Nd ${summary}\n`)
  })

  it('has its sections in order', () => {
    const sections = [...pageOf(program).matchAll(/^\.Sh (.*)$/gm)].map(([, name]) => name)
    const inOrder = [
      'NAME',
      'SYNOPSIS',
      'DESCRIPTION',
      'OPTIONS',
      'ENVIRONMENT',
      'FILES',
      'EXIT STATUS',
      'EXAMPLES',
      'DIAGNOSTICS',
      'SEE ALSO',
      'STANDARDS',
      'HISTORY',
      'AUTHORS',
      'CAVEATS',
      'BUGS',
    ]
    expect(sections).toEqual(inOrder.filter((name) => sections.includes(name)))
    expect(sections).toEqual(
      expect.arrayContaining(['NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'ENVIRONMENT', 'EXIT STATUS', 'EXAMPLES']),
    )
  })

  it.skipIf(!hasMandoc)('shows every option as it is typed (mandoc)', async () => {
    const text = mandoc('ascii', pageOf(program))
    for (const [name, option] of visibleOptions(await commandOf(program))) {
      for (const spelling of spellings(name, option))
        expect(text).toMatch(new RegExp(`^ {5}(.*, )?${spelling}\\b`, 'm'))
    }
    const [, synopsis = ''] = /^SYNOPSIS\n(.*?)^\S/ms.exec(text) ?? []
    expect(synopsis).not.toContain('\\')
  })
})

describe.skipIf(!hasMandoc)('a page (mandoc)', () => {
  it.each(pages)('has no warning for %s', (page) => {
    expect(mandoc('lint', readFileSync(join(root, 'man', page), 'utf8'))).toBe('')
  })
})

const emptyPage = [
  '.Dd November 21, 2026',
  '.Dt SAMPLE-CMD 1',
  '.Os',
  '.Sh NAME',
  '.Nm sample-cmd',
  '.Nd something old',
  ...['SYNOPSIS', 'OPTIONS', 'ENVIRONMENT', 'EXIT STATUS'].flatMap((section) => [
    `.Sh ${section}`,
    `.\\" begin generated ${section}`,
    'old',
    `.\\" end generated ${section}`,
  ]),
  '',
].join('\n')

describe('withGeneratedParts', () => {
  const page = withGeneratedParts(emptyPage, sample)

  it('replaces what is between the marks, and nothing else', () => {
    expect(page).not.toContain('old')
    expect(page.split('\n')[5]).toBe('.Nd show every kind of option')
    for (const text of Object.values(generatedSections(sample))) expect(page).toContain(text)
    expect(withGeneratedParts(page, sample)).toBe(page)
  })

  it('refuses a page without the marks', () => {
    expect(() => withGeneratedParts(emptyPage.replace('begin generated OPTIONS', ''), sample)).toThrow(
      'no generated part OPTIONS',
    )
  })

  it('sees a changed declaration', () => {
    const options = { ...sample.options, force: { ...sample.options['force'], describe: 'ask less' } }
    expect(withGeneratedParts(page, { ...sample, options })).not.toBe(page)
  })

  it.skipIf(!hasMandoc)('makes mdoc without warnings, whatever is in a text (mandoc)', () => {
    expect(mandoc('lint', page)).toBe('')
    const text = mandoc('ascii', page)
    expect(text).toContain('-s SIZE, --size=SIZE, --chunk-size=SIZE')
    expect(text).toContain('--check, --no-check')
    expect(text).toContain('.a bucket \\ of the store.')
    expect(text).toContain('ZPIPES_COMPRESSOR, Z3_FORMAT')
    expect(text).toContain('ZPIPES_S3_SECRET, S3_SECRET')
    expect(text).toMatch(/sample-cmd \[options\] key -- command \[argument \.\.\.\]/)
    expect(text).not.toMatch(/--secret|--inner/)
  })
  it('shows what one verb has, what several share, and what all have', () => {
    const sections = generatedSections(sampleSuite)
    expect(sections['SYNOPSIS']).toBe(
      '.Nm\n.Cm first\n.Op Ar options\n.Nm\n.Cm second\n.Op Ar options\n.Op Ar dataset Ar ...\n.Nm\n.Cm other\n.Op Ar options',
    )
    const parts = (sections['OPTIONS'] ?? '').split(/^\.Ss /m)
    const heads = parts.map((part) => part.split('\n')[0])
    expect(heads).toEqual(['', 'sample-suite first', 'sample-suite second', 'Options of several verbs'])
    expect(parts[2]).toMatch(/depth/)
    expect(parts[2]).not.toMatch(/format|verbose/)
    expect(parts[3]).toMatch(/format[\s\S]*\(first, second\)[\s\S]*verbose/)
    expect(sections['ENVIRONMENT']).toContain('ZPIPES_CHUNK_SIZE')
  })
})
