import type { Command } from '../command.ts'
import { type CompletedOption, completedOptions, quoted } from './completed-options.ts'

/** For `source <(pput --completion bash)`, or a file in /usr/share/bash-completion/completions. */
export function bashCompletion(command: Command): string {
  const name = functionName(command)
  const options = completedOptions(command)
  const long = options.flatMap(({ spellings }) => spellings.filter((each) => each.startsWith('--')))
  return `# bash completion for ${command.name}
${name}() {
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
        COMPREPLY=($(compgen -W ${quoted(long.join(' '))} -- "$current"))
    fi
}
complete -o default -F ${name} ${command.name}
`
}

function valueCase({ spellings, value }: CompletedOption): readonly string[] {
  if (value === 'none' || value === 'file') return []
  const words = value === 'any' ? '' : `COMPREPLY=($(compgen -W ${quoted(value.join(' '))} -- "$current")); `
  return [`        ${spellings.join('|')}) ${words}return ;;`]
}

function functionName(command: Command): string {
  return `_${command.name.replaceAll('-', '_')}`
}
