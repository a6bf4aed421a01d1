import { type Flag, idPattern, type Level, type Tree } from './tree.ts'

export function zsh(tree: Tree): string {
  const commands = tree.commands.map(({ name, summary }) => `'${name}:${quoted(summary)}'`)
  return `#compdef ${tree.name}
# Completion of ${tree.name} in zsh.
_${tree.name}-events() {
  compadd -- "$@"
  # There may be many of them: they are offered to who has begun to write one.
  [[ $PREFIX != [0-9a-f]* ]] ||
    compadd -- $(${tree.name} print --queued 2>/dev/null | sed -nE 's/.*${idPattern}.*/\\2/p')
}
_${tree.name}() {
  local invocation state state_descr line
  typeset -A opt_args
  _arguments -C${continued([...tree.options.flatMap(specs), "'1: :->command'", "'*:: :->rest'"])}
  case $state in
    command)
      local -a commands=(${commands.join(' ')})
      _describe command commands
      ;;
    rest)
      case $words[1] in
${tree.commands.map((command) => branch(command, `_${tree.name}-events`)).join('\n')}
      esac
      ;;
  esac
}

if [[ $funcstack[1] == _${tree.name} ]]; then
  _${tree.name} "$@"
else
  compdef _${tree.name} ${tree.name}
fi
`
}

function branch(level: Level, events: string): string {
  const operands = level.operands.map(({ choices, takesEvent }, place) => {
    const words = choices.join(' ')
    if (takesEvent) return `'${place + 1}: :{ ${events} ${words} }'`
    return choices.length === 0 ? `'${place + 1}: :'` : `'${place + 1}: :(${words})'`
  })
  return `        ${level.name}) _arguments ${[...level.options.flatMap(specs), ...operands].join(' ')} ;;`
}

function specs({ short, long, summary, takesValue, takesFile }: Flag): readonly string[] {
  const value = takesValue ? `: :${takesFile ? '_files' : ''}` : ''
  const text = `[${quoted(summary).replaceAll(/[[\]]/g, String.raw`\$&`)}]${value}`
  const alone = short ? `(${short} ${long})` : ''
  return [short, long].flatMap((flag) => (flag ? [`'${alone}${flag}${text}'`] : []))
}

function continued(words: readonly string[]): string {
  return words.map((word) => ` \\\n    ${word}`).join('')
}

/** Inside single quotes; a colon ends the part before the description. */
function quoted(text: string): string {
  return text.replaceAll("'", String.raw`'\''`).replaceAll(':', String.raw`\:`)
}
