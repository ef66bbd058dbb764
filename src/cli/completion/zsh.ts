import type { Command } from '../command.ts'
import { verbOf } from '../suite.ts'
import { completedNames } from './completed-names.ts'
import { type CompletedOption, completedOptions, quoted } from './completed-options.ts'

/** For a file `_pput` in $fpath, or `source <(pput --completion zsh)`. */
export function zshCompletion(program: Command): string {
  const name = functionName(program)
  return `#compdef ${program.name}
${[...(program.verbs ?? []).map(commandFunction), programFunction(program)].join('\n')}
if [[ \${funcstack[1]} == ${name} ]]; then
    ${name} "$@"
else
    compdef ${name} ${program.name}
fi
`
}

/** The verb is the first word; what follows is the verb's own. */
function programFunction(program: Command): string {
  if (program.verbs === undefined) return commandFunction(program)
  const described = program.verbs.map((verb) => quoted(`${verbOf(verb)}:${verb.summary}`))
  const verbs = program.verbs.map((verb) => `        ${verbOf(verb)}) ${functionName(verb)} ;;`)
  return `${functionName(program)}() {
    local -a verbs=(${described.join(' ')})
    if (( CURRENT == 2 )); then _describe verb verbs; return; fi
    local verb=$words[2]
    shift words; (( CURRENT-- ))
    case $verb in
${verbs.join('\n')}
    esac
}`
}

function commandFunction(command: Command): string {
  const specs = [...completedOptions(command).flatMap(optionSpecs), quoted(`*:: :${namesAction(command)}`)]
  return `${functionName(command)}() {
    _arguments -s -S \\
${specs.map((spec) => `        ${spec}`).join(' \\\n')}
}`
}

function namesAction(command: Command): string {
  const names = completedNames(command)
  return names === undefined ? '_files' : `{ local -a names=("\${(@f)$(${names})}"); compadd -a names }`
}

/** One spec for each spelling; those of one option exclude each other, unless it may be repeated. */
function optionSpecs({ spellings, describe, value, isRepeatable }: CompletedOption): readonly string[] {
  const excluded = isRepeatable ? '*' : `(${spellings.join(' ')})`
  const explained = `[${describe.replace(/[[\]:\\]/g, '\\$&')}]`
  return spellings.map((spelling) => {
    const joint = value === 'none' ? '' : spelling.startsWith('--') ? '=' : '+'
    return quoted(`${excluded}${spelling}${joint}${explained}${action(value)}`)
  })
}

function action(value: CompletedOption['value']): string {
  if (value === 'none') return ''
  if (value === 'file') return ':file:_files'
  return value === 'any' ? ':value: ' : `:value:(${value.join(' ')})`
}

function functionName(command: Command): string {
  return `_${command.name.replaceAll(' ', '_')}`
}
