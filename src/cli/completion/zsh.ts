import type { Command } from '../command.ts'
import { type CompletedOption, completedOptions, quoted } from './completed-options.ts'

/** For a file `_pput` in $fpath, or `source <(pput --completion zsh)`. */
export function zshCompletion(command: Command): string {
  const name = `_${command.name}`
  const specs = [...completedOptions(command).flatMap(optionSpecs), `'*:: :_files'`]
  return `#compdef ${command.name}
${name}() {
    _arguments -s -S \\
${specs.map((spec) => `        ${spec}`).join(' \\\n')}
}
if [[ \${funcstack[1]} == ${name} ]]; then
    ${name} "$@"
else
    compdef ${name} ${command.name}
fi
`
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
