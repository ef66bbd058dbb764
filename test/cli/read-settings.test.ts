import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Command } from '../../src/cli/command.ts'
import { allOptions } from '../../src/cli/common-options.ts'
import { readSettings } from '../../src/cli/read-settings.ts'
import { sortWords } from '../../src/cli/words.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { sample } from './fakes/sample-command.ts'

let file: string

beforeEach(() => {
  file = join(temporaryFolder(), 'conf')
  writeFileSync(file, '[main]\nbucket = main\n[fs:tank/a b]\nbucket = special\n')
})
afterEach(() => vi.unstubAllEnvs())

function bucket(command: Command, ...words: string[]): string | undefined {
  const options = allOptions(command)
  return readSettings(command, options, sortWords(command, options, words)).get('bucket')?.value
}

it('takes the section of the dataset that an option names', () => {
  expect(bucket(sample, `--config=${file}`, '--dataset=tank/a b', 'key')).toBe('special')
  expect(bucket(sample, `--config=${file}`, '--dataset=tank', 'key')).toBe('main')
  expect(bucket(sample, `--config=${file}`, 'tank/a b')).toBe('main')
})

it('takes the section of the dataset that is a positional', () => {
  const command: Command = {
    ...sample,
    positionals: { count: { describe: '' }, name: { describe: '', namesDataset: true } },
  }
  expect(bucket(command, `--config=${file}`, '1', 'tank/a b')).toBe('special')
  expect(bucket(command, `--config=${file}`, '1')).toBe('main')
})

it('takes the file from ZPIPES_CONFIG, unless --config names one', () => {
  vi.stubEnv('ZPIPES_CONFIG', file)
  expect(bucket(sample, 'key')).toBe('main')
  expect(bucket(sample, '--config=/dev/null', 'key')).toBeUndefined()
  vi.stubEnv('ZPIPES_CONFIG', '/nowhere/conf')
  expect(() => bucket(sample, 'key')).toThrow(expect.objectContaining({ kind: 'configuration' }))
})
