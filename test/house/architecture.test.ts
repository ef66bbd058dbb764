import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Finding, lint } from './lint.ts'
import { allowed, violations } from './planted.ts'

const repository = join(import.meta.dirname, '../..')
const rules = ['.biome.json', 'test/house/architecture.grit', 'tsconfig.json', 'package.json']

describe('the linter, given files that break the rules', () => {
  let folder: string
  let findings: readonly Finding[]

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zpipes-house-'))
    for (const name of rules) cpSync(join(repository, name), join(folder, name))
    for (const { file, source } of [...violations, ...allowed]) plant(file, source)
    findings = lint(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(violations)('reports $file with the reason "$reason"', ({ file, reason }) => {
    expect(findings.filter((finding) => finding.file === file).map((finding) => finding.text)).toContainEqual(
      expect.stringContaining(reason),
    )
  })

  test.each(allowed)('has nothing to say of $file', ({ file }) => {
    expect(findings.filter((finding) => finding.file === file)).toEqual([])
  })

  test('every rule in architecture.grit has a file that breaks it', () => {
    const plugin = readFileSync(join(repository, 'test/house/architecture.grit'), 'utf8')
    const reasons = [...plugin.matchAll(/message="([^"]*)"/g)].map((match) => match[1] ?? '')
    const planted = violations.map((violation) => violation.reason)
    expect(reasons.length).toBeGreaterThan(15)
    expect(reasons.filter((reason) => !planted.some((start) => reason.startsWith(start)))).toEqual([])
  })

  function plant(file: string, source: string) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), source)
  }
})

test('every room in src is one that the rules know', () => {
  const plugin = readFileSync(join(repository, 'test/house/architecture.grit'), 'utf8')
  const rooms = readdirSync(join(repository, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(rooms.map((room) => room.name).filter((room) => !plugin.includes(room))).toEqual([])
})
