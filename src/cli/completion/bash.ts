import type { Command } from '../command.ts'
import { verbOf } from '../suite.ts'
import { completedNames } from './completed-names.ts'
import { type CompletedOption, completedOptions, quoted } from './completed-options.ts'

/** For `source <(pput --completion bash)`, or a file in /usr/share/bash-completion/completions. */
export function bashCompletion(program: Command): string {
  const name = functionName(program)
  return `# bash completion for ${program.name}
${[...(program.verbs ?? []).map(commandFunction), programFunction(program)].join('\n')}
complete -o default -F ${name} ${program.name}
`
}

/** The verb is the first word; what follows is the verb's own. */
function programFunction(program: Command): string {
  if (program.verbs === undefined) return commandFunction(program)
  const verbs = program.verbs.map((verb) => `        ${verbOf(verb)}) ${functionName(verb)}; return ;;`)
  const names = quoted(program.verbs.map(verbOf).join(' '))
  return `${functionName(program)}() {
    (( COMP_CWORD > 1 )) && case \${COMP_WORDS[1]} in
${verbs.join('\n')}
    esac
    COMPREPLY=($(compgen -W ${names} -- "\${COMP_WORDS[COMP_CWORD]}"))
    [[ \${COMP_WORDS[COMP_CWORD]} == -* ]] && COMPREPLY=($(compgen -W '--help --version' -- "\${COMP_WORDS[COMP_CWORD]}"))
}`
}

function commandFunction(command: Command): string {
  const options = completedOptions(command)
  const long = options.flatMap(({ spellings }) => spellings.filter((each) => each.startsWith('--')))
  return `${functionName(command)}() {
    local current=\${COMP_WORDS[COMP_CWORD]} option=\${COMP_WORDS[COMP_CWORD-1]}
    # bash takes --format=zfs for three words
    if [[ $current == = ]]; then current=
    elif [[ $option == = ]]; then option=\${COMP_WORDS[COMP_CWORD-2]}
    fi
    COMPREPLY=()
    case $option in
${options.flatMap(valueCase).join('\n')}
    esac
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W ${quoted(long.join(' '))} -- "$current"))${nameCase(command)}
    fi
}`
}

function nameCase(command: Command): string {
  const names = completedNames(command)
  if (names === undefined) return ''
  // To readline a name is many words, broken at @ and colons: of what fits, it wants the rest alone.
  return `
    else
        local IFS=$'\\n' typed=\${COMP_LINE:0:COMP_POINT}
        typed=\${typed##*[[:space:]]}
        [[ $current == [@:] ]] && current=
        COMPREPLY=($(compgen -W "$(${names})" -- "$typed"))
        COMPREPLY=("\${COMPREPLY[@]#"\${typed%"$current"}"}")`
}

function valueCase({ spellings, value }: CompletedOption): readonly string[] {
  if (value === 'none' || value === 'file') return []
  const words = value === 'any' ? '' : `COMPREPLY=($(compgen -W ${quoted(value.join(' '))} -- "$current")); `
  return [`        ${spellings.join('|')}) ${words}return ;;`]
}

function functionName(command: Command): string {
  return `_${command.name.replaceAll(/[- ]/g, '_')}`
}
