import type { Command, OptionSpec, OptionSpecs } from './command.ts'

/** What every program understands. Listed after the program's own options. */
const commonOptions = {
  progress: {
    type: 'boolean',
    conflicts: 'quiet',
    describe: 'show progress on stderr, even if it is not a terminal: one line a second',
  },
  quiet: { type: 'boolean', alias: 'q', describe: 'show no progress, even on a terminal' },
  verbose: { type: 'boolean', alias: 'v', describe: 'say on stderr what is done, and the causes of a failure' },
  json: { type: 'boolean', describe: 'write results to stdout as lines of JSON, each with a schema number' },
  config: {
    type: 'string',
    metavar: 'FILE',
    setting: 'CONFIG',
    describe: 'read settings from this file alone',
  },
  completion: { choices: ['bash', 'zsh', 'fish'], describe: 'write a completion script for this shell to stdout' },
  help: { type: 'boolean', alias: 'h', describe: 'write this help to stdout' },
  version: { type: 'boolean', describe: 'write the version to stdout; with --verbose, what runs it too' },
} as const satisfies Record<string, OptionSpec>

/** A program's own options, then the common ones. `--json` has no place where stdout is, or may be, the payload. */
export function allOptions(command: Command): OptionSpecs {
  const { json, ...others } = commonOptions
  return { ...command.options, ...(command.stdout === 'text' ? { json, ...others } : others) }
}
