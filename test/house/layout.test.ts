import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, parse } from 'node:path'
import { describe, expect, test } from 'vitest'

const repository = join(import.meta.dirname, '../..')
const madeByTools = ['node_modules', 'dist', 'coverage']

describe('the top level', () => {
  test('holds these and no others', () => {
    const names = readdirSync(repository).filter((name) => !name.startsWith('.') && !madeByTools.includes(name))
    const files = ['LICENSE', 'README.md', 'package-lock.json', 'package.json', 'tsconfig.json']
    expect(names.toSorted()).toEqual([...files, 'bin', 'man', 'src', 'test'].toSorted())
  })
})

describe('one name for a program', () => {
  const programs = readdirSync(join(repository, 'bin')).toSorted()

  test('bin is not empty', () => expect(programs.length).toBeGreaterThan(0))

  test('has one page each in man', () => {
    const pages = readdirSync(join(repository, 'man')).filter((name) => name.endsWith('.1'))
    expect(pages.toSorted()).toEqual(programs.map((name) => `${name}.1`))
  })

  test('has one file or folder each in src/commands', () => {
    const commands = readdirSync(join(repository, 'src/commands')).map((name) => parse(name).name)
    expect([...new Set(commands)].toSorted()).toEqual(programs)
  })

  test('and package.json names them all, and every page', () => {
    const { bin, man } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
    expect(bin).toEqual(Object.fromEntries(programs.map((name) => [name, `bin/${name}`])))
    expect(man.toSorted()).toEqual(pathsBelow('man').toSorted())
  })

  test.each(programs)('bin/%s is a launcher: executable, six lines at most, one command of the same name', (name) => {
    const file = join(repository, 'bin', name)
    const source = readFileSync(file, 'utf8')
    expect(statSync(file).mode & 0o111).toBe(0o111)
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(6)
    expect(source).toMatch(/^#!\/usr\/bin\/env node\n/)
    const imported = [...source.matchAll(/(?:from |import\()'([^']*)'/g)].map((match) => match[1])
    expect(imported).toEqual(['../dist/cli/launch.js', `../dist/commands/${name}.js`])
  })
})

describe('names and sizes', () => {
  const saysNothing = /(^|-)(util|helper|manager|common|misc|base|type)s?(\.|$)/

  test('no file or folder is called by a name that says nothing', () => {
    const paths = ['src', 'test', 'man'].flatMap(pathsBelow)
    expect(paths.filter((path) => saysNothing.test(basename(path)))).toEqual([])
  })

  test.each([
    'src/util.ts',
    'src/cli/helpers',
    'src/store/base.ts',
    'test/common',
    'src/zfs/types.ts',
    'src/x-utils.ts',
  ])('%s would be noticed', (path) => expect(basename(path)).toMatch(saysNothing))

  test('no source file has more than 300 lines', () => {
    const long = ['src', 'test'].flatMap(pathsBelow).filter((path) => /\.(ts|js)$/.test(path) && linesIn(path) > 300)
    expect(long).toEqual([])
  })
})

function pathsBelow(folder: string): string[] {
  return readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path))
}

function linesIn(path: string): number {
  return readFileSync(join(repository, path), 'utf8').split('\n').length - 1
}
