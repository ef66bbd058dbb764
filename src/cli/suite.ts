import { Failure } from '../errors.ts'
import { closestWord } from './closest-word.ts'
import { type Command, defineCommand } from './command.ts'

export interface SuiteSpec {
  readonly name: string
  /** One line, without a period: the page's `.Nd`. */
  readonly summary: string
  /** In the order of help and page; each is named by its verb alone. */
  readonly verbs: readonly Command[]
}

/** A program with verbs. The first word of a command line says which; without one there is only help. */
export function defineSuite({ name, summary, verbs }: SuiteSpec): Command {
  return defineCommand({
    name,
    summary,
    verbs: verbs.map((verb) => ({ ...verb, name: `${name} ${verb.name}` })),
    synopsis: ['verb [options] [argument ...]'],
    positionals: { verb: { describe: `what to do; ${name} verb --help tells more` } },
    options: {},
    examples: verbs.flatMap(({ examples }) => examples.slice(0, 1)),
    stdin: 'none',
    stdout: 'text',
    async run({ verb }) {
      const known = verbs.some((each) => each.name === verb)
      const message = known ? `the verb comes first: ${name} ${verb} [options]` : `'${verb}' is no verb of ${name}`
      const meant = known
        ? undefined
        : closestWord(
            String(verb),
            verbs.map((each) => each.name),
          )
      throw new Failure('usage', message, meant === undefined ? {} : { hint: `${meant} is one` })
    },
  })
}

/** The command that a command line means, and the words that are left for it. */
export function chooseVerb(program: Command, argv: readonly string[]): readonly [Command, readonly string[]] {
  const verb = program.verbs?.find((each) => verbOf(each) === argv[0])
  return verb === undefined ? [program, argv] : [verb, argv.slice(1)]
}

/** `list`, of `zsnap list`. */
export function verbOf(command: Command): string {
  return command.name.slice(command.name.indexOf(' ') + 1)
}

/** `zsnap`, of `zsnap list`: the name that messages begin with. */
export function programOf({ name }: Command): string {
  return name.split(' ')[0] ?? name
}
