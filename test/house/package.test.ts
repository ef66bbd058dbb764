import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../fakes/programs.ts'

const below = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replace(/^\//, ''))

/** What is made of a source file. */
function builtOf(file: string): string[] {
  const name = file.replace(/^src\//, 'dist/').replace(/\.ts$/, '')
  return [`${name}.js`, `${name}.d.ts`]
}

test('the package has the programs, their pages, their sources and what is made of these, and nothing else', {
  timeout: 60_000,
}, () => {
  const words = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const { stdout } = spawnSync('npm', words, { cwd: root, encoding: 'utf8' })
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }]
  const packed = files.map(({ path }) => path)
  const sources = below('src')
  const others = packed.filter((path) => !path.startsWith('dist/'))
  expect(others.toSorted()).toEqual(
    ['LICENSE', 'README.md', 'package.json', ...below('bin'), ...below('man'), ...sources].toSorted(),
  )
  const modules = sources.filter((path) => !/\.(assembly|d)\.ts$/.test(path))
  expect(modules.flatMap(builtOf).filter((path) => !packed.includes(path))).toEqual([])
  // What else lies in dist is of a build before this one, which prepack removes.
  expect(packed.filter((path) => /^dist\//.test(path) && !/\.(js|d\.ts|wasm)$|^dist\/sbom\.json$/.test(path))).toEqual(
    [],
  )
})
