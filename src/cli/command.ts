import type { InferredOptionTypes, Options } from 'yargs'
import type { CheckResult } from './exit-status.ts'
import type { SettingName } from './setting-names.ts'
import type { Terminal } from './terminal.ts'

/** A plain yargs option, and what help, man page, completion and settings need beside it. */
export interface OptionSpec extends Options {
  readonly describe: string
  /** Text, unless said otherwise. A list has `array: true` beside it. */
  readonly type?: 'string' | 'number' | 'boolean'
  /** What the value is called: SIZE, N, FILE. An option without one, and without choices, is a switch. */
  readonly metavar?: string
  /** Also taken from the environment (`ZPIPES_…`) and the configuration files, under this name. */
  readonly setting?: SettingName
  /** The environment variables that z3 reads for it: `true` for the setting's own name. */
  readonly z3?: true | readonly string[]
  /** Other names for it in configuration files alone, such as z3's HOST: shells export a variable of that name. */
  readonly alsoInFiles?: readonly string[]
  /** `false`: a setting alone, such as a secret, which never stands on a command line. */
  readonly flag?: false
  /** Its value names the dataset whose `[fs:DATASET]` section of the configuration applies. */
  readonly namesDataset?: true
}

export interface PositionalSpec {
  readonly describe: string
  readonly optional?: true
  /** Takes all words from here on, one at least unless optional. Only the last positional may. */
  readonly many?: true
  readonly namesDataset?: true
  /** What a shell completes it with, asking this machine's ZFS. */
  readonly completes?: 'dataset' | 'snapshot'
}

export type OptionSpecs = Record<string, OptionSpec>
export type PositionalSpecs = Record<string, PositionalSpec>

/** What `run` gets: options under their long names, positionals under theirs, the words after `--`, the common options. */
export type InferredArguments<O extends OptionSpecs, P extends PositionalSpecs> = InferredOptionTypes<O> & {
  readonly [name in keyof P]: P[name] extends { readonly many: true }
    ? readonly string[]
    : P[name] extends { readonly optional: true }
      ? string | undefined
      : string
} & {
  /** The words after `--`, where the synopsis has such a command; else empty. */
  readonly command: readonly string[]
}

/** Whether a stream of bytes goes through a descriptor; a program may know only from its arguments. */
type Use<Kind extends string, Arguments> = Kind | ((args: Arguments) => Kind)

/** One program, declared once: parser, help, man page and completion are made from this. */
export interface CommandSpec<O extends OptionSpecs, P extends PositionalSpecs> {
  readonly name: string
  /** One line, without a period: the page's `.Nd`. */
  readonly summary: string
  /** `[options] key -- command [argument ...]`: the words after the program's name, one string for each form. */
  readonly synopsis: readonly string[]
  /** In order. All required, unless optional. */
  readonly positionals: P
  readonly options: O
  readonly examples: readonly (readonly [commandLine: string, what: string])[]
  /** 'binary' is not read from a terminal: the program prints its help instead, and ends with 64. */
  readonly stdin: Use<'binary' | 'none', InferredArguments<O, P>>
  /** 'binary' is not written to a terminal: the program refuses with 64. */
  readonly stdout: Use<'binary' | 'text', InferredArguments<O, P>>
  /** Lines for `--version --verbose`, such as `crc64nvme: webassembly`. */
  fastPaths?(): Promise<readonly string[]>
  /** Gives what a check found, where the exit status is to tell it as monitoring plugins do; else nothing. */
  run(args: InferredArguments<O, P>, terminal: Terminal): Promise<CheckResult> | Promise<void>
  /** Of a program with verbs (`zsnap list`), each a command of its own: it has nothing else then. See defineSuite. */
  readonly verbs?: readonly Command[]
}

export type Command = CommandSpec<OptionSpecs, PositionalSpecs>

export function defineCommand<O extends OptionSpecs, P extends PositionalSpecs>(spec: CommandSpec<O, P>): Command {
  return spec as unknown as Command
}

/** True if the words after `--` are a command of their own. */
export function takesCommand(command: Command): boolean {
  return command.synopsis.some((form) => form.split(' ').includes('--'))
}
