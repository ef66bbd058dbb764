import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
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

test('the list of what it is made of has every package that is installed with it, in the version of the lock', {
  timeout: 60_000,
}, () => {
  const folder = temporaryFolder()
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(root, name), join(folder, name))
  const { status, stderr } = spawnSync('npm', ['run', 'prepack'], { cwd: folder, encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; dev?: boolean }>
  }
  const locked = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`)
  const { metadata, components } = JSON.parse(readFileSync(join(folder, 'dist/sbom.json'), 'utf8')) as {
    metadata: { component: { name: string } }
    components: { 'bom-ref': string }[]
  }
  // npm names it after its folder.
  expect(metadata.component.name).toBe('zpipes')
  expect([...new Set(components.map((component) => component['bom-ref']))].toSorted()).toEqual(
    [...new Set(locked)].toSorted(),
  )
  expect(readdirSync(join(folder, 'dist'))).toEqual(['sbom.json'])
})
