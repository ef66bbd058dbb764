import { readFileSync } from 'node:fs'
import type { Command } from './command.ts'
import { programOf } from './suite.ts'

/** From our own package.json, which lies as far above src/ as above dist/. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}

/** `pput 1.0.0`; in full also what runs it and which fast paths this machine has. */
export async function versionText(command: Command, inFull: boolean): Promise<string> {
  const lines = [`${programOf(command)} ${packageVersion()}`]
  if (inFull) {
    lines.push(`node ${process.versions.node}, ${process.platform} ${process.arch}`)
    lines.push(...((await command.fastPaths?.()) ?? []))
  }
  return `${lines.join('\n')}\n`
}
