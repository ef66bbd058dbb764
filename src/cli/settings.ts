import type { OptionSpec, OptionSpecs } from './command.ts'
import type { ConfigFile } from './config-files.ts'
import { variableOf } from './setting-names.ts'

export interface SettingValue {
  readonly value: string
  /** For messages: `ZPIPES_BUCKET`, or `/etc/zpipes.conf:4: BUCKET`. */
  readonly origin: string
}

export interface SettingSources {
  readonly environment: NodeJS.ProcessEnv
  /** The strongest first. */
  readonly files: readonly ConfigFile[]
  /** Whose `[fs:DATASET]` sections count. */
  readonly dataset: string | undefined
}

/** Finds each option's setting: our variable, z3's variable, the dataset's section, then [main]. */
export function findSettings(options: OptionSpecs, sources: SettingSources): ReadonlyMap<string, SettingValue> {
  const found = new Map<string, SettingValue>()
  for (const [name, option] of Object.entries(options)) {
    const value = option.setting && (fromEnvironment(option, sources) ?? fromFiles(option, sources))
    if (value !== undefined) found.set(name, value)
  }
  return found
}

/** The environment variables that an option reads, the strongest first. */
export function variablesOf(option: OptionSpec): readonly string[] {
  return option.setting === undefined ? [] : [variableOf(option.setting), ...z3NamesOf(option)]
}

function z3NamesOf({ setting, z3 }: OptionSpec): readonly string[] {
  if (setting === undefined || z3 === undefined) return []
  return z3 === true ? [setting] : z3
}

/** An empty variable is as good as none: there is no other way to take one back in a crontab. */
function fromEnvironment(option: OptionSpec, { environment }: SettingSources): SettingValue | undefined {
  const variable = variablesOf(option).find((each) => environment[each])
  return variable === undefined ? undefined : { value: environment[variable] ?? '', origin: variable }
}

function fromFiles(option: OptionSpec, { files, dataset }: SettingSources): SettingValue | undefined {
  const keys = new Set([option.setting, ...z3NamesOf(option), ...(option.alsoInFiles ?? [])])
  for (const section of [...(dataset === undefined ? [] : [`fs:${dataset}`]), 'main', 'DEFAULT']) {
    for (const { path, sections } of files) {
      const entry = sections.get(section)?.find(({ key }) => keys.has(key))
      if (entry !== undefined) return { value: entry.value, origin: `${path}:${entry.line}: ${entry.key}` }
    }
  }
  return undefined
}
