import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

export interface Finding {
  /** Relative to the folder. */
  readonly file: string
  /** All that Biome prints of it. */
  readonly text: string
}

const biome = join(import.meta.dirname, '../../node_modules/@biomejs/biome/bin/biome')
const header = /^(?<file>\S+?)(?::\d+:\d+)? \S+ ━+$/

/** What Biome says of the files in a folder, by the rules that lie there. Its JSON leaves the reasons out: its text has them. */
export function lint(folder: string): Finding[] {
  const options = ['lint', '--colors=off', '--max-diagnostics=none', '--diagnostic-level=warn']
  const { stdout, stderr, status } = spawnSync(process.execPath, [biome, ...options], { cwd: folder, encoding: 'utf8' })
  const output = `${stdout}\n${stderr}`
  if (!/^Checked \d+ files/m.test(output)) throw new Error(`biome ended with ${status}: ${output}`)
  const findings: { file: string; text: string }[] = []
  for (const line of output.split('\n')) {
    const match = header.exec(line)
    if (match?.groups?.['file'] !== undefined) findings.push({ file: match.groups['file'], text: '' })
    const last = findings.at(-1)
    if (last !== undefined) last.text += `${line}\n`
  }
  return findings
}
