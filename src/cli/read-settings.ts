import type { Command, OptionSpecs } from './command.ts'
import { readConfigFiles } from './config-files.ts'
import { variableOf } from './setting-names.ts'
import { findSettings, type SettingValue } from './settings.ts'
import type { Words } from './words.ts'

/** What environment and configuration files say for the options of a command line. Throws 'configuration'. */
export function readSettings(command: Command, options: OptionSpecs, words: Words): ReadonlyMap<string, SettingValue> {
  const environment = process.env
  const named = words.given.get('config')?.[0] ?? (environment[variableOf('CONFIG')] || undefined)
  const files = readConfigFiles({ named, environment })
  return findSettings(options, { environment, files, dataset: datasetOf(command, options, words) })
}

function datasetOf(command: Command, options: OptionSpecs, { given, positionals }: Words): string | undefined {
  const option = Object.keys(options).find((name) => options[name]?.namesDataset === true && given.has(name))
  const positional = Object.values(command.positionals).findIndex(({ namesDataset }) => namesDataset === true)
  return option === undefined ? positionals[positional] : given.get(option)?.[0]
}
