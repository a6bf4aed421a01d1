import { fileFlagsOf, flagsOf, idPattern, type Level, type Tree } from './tree.ts'

export function bash(tree: Tree): string {
  const name = tree.name.replaceAll('-', '_')
  const commands = tree.commands.map((command) => command.name)
  return `# Completion of ${tree.name} in bash.
_${name}_events() {
  ${tree.name} print --queued 2>/dev/null | sed -nE 's/.*${idPattern}.*/\\2/p'
}
_${name}() {
  case \${COMP_WORDS[COMP_CWORD - 1]} in
    ${fileFlagsOf(tree).join('|')})
      local IFS=$'\\n'
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
      return
      ;;
  esac
  local current=\${COMP_WORDS[COMP_CWORD]} command='' place=0 words='' index word
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      -*) ;;
      *) if [[ -z $command ]]; then command=\${COMP_WORDS[index]}; else ((place++)); fi ;;
    esac
  done
  case $command in
    '') words='${[...commands, ...flagsOf(tree)].join(' ')}' ;;
${tree.commands.map((command) => branch(command, `_${name}_events`)).join('\n')}
  esac
  # What begins with a dash is offered when asked for, as everywhere.
  local offered=()
  for word in $words; do
    [[ $word == -* && $current != -* ]] || offered+=("$word")
  done
  COMPREPLY=($(compgen -W "\${offered[*]}" -- "$current"))
}
complete -F _${name} ${tree.name}
`
}

function branch(level: Level, events: string): string {
  const flags = flagsOf(level).join(' ')
  const places = level.operands.flatMap(({ choices, takesEvent }, place) => [
    ...(choices.length > 0 ? [`[[ $place == ${place} ]] && words+=' ${choices.join(' ')}'`] : []),
    // There may be many of them: they are offered to who has begun to write one.
    ...(takesEvent
      ? [`[[ $place == ${place} && $current == [0-9a-f]* ]] && words+=" $(${events})"`]
      : []),
  ])
  return `    ${level.name}) ${[`words='${flags}'`, ...places].join('; ')} ;;`
}
