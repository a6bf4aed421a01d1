import { idPattern, type Level, type Tree } from './tree.ts'

export function fish(tree: Tree): string {
  const line = (condition: string, rest: string) =>
    `complete -c ${tree.name} -n '${condition}' ${rest}`
  return `# Completion of ${tree.name} in fish.
complete -c ${tree.name} -f
${[
  ...lines(tree, (rest) => line('__fish_use_subcommand', rest)),
  ...tree.commands.flatMap((command) => [
    line('__fish_use_subcommand', `-a ${command.name} -d ${quoted(command.summary)}`),
    ...lines(command, (rest) => line(`__fish_seen_subcommand_from ${command.name}`, rest)),
    ...(command.operands.some(({ takesEvent }) => takesEvent)
      ? [line(`__fish_seen_subcommand_from ${command.name}; and ${begun}`, `-a ${events(tree)}`)]
      : []),
  ]),
].join('\n')}
`
}

/** There may be many of them: they are offered to who has begun to write one. */
const begun = 'string match -qr "^[0-9a-f]" -- (commandline -ct)'

function events({ name }: Tree): string {
  const ids = `string replace -rf ${quoted(`.*${idPattern}.*`)} ${quoted('$2')}`
  return quoted(`(${name} print --queued 2>/dev/null | ${ids})`)
}

function lines({ options, operands }: Level, line: (rest: string) => string): readonly string[] {
  return [
    ...options.map(({ short, long, summary, takesValue, takesFile }) =>
      line(
        [
          ...(short ? [`-s ${short.slice(1)}`] : []),
          `-l ${long.slice(2)}`,
          ...(takesFile ? ['-r -F'] : takesValue ? ['-x'] : []),
          `-d ${quoted(summary)}`,
        ].join(' '),
      ),
    ),
    ...operands
      .filter(({ choices }) => choices.length > 0)
      .map(({ choices }) => line(`-a ${quoted(choices.join(' '))}`)),
  ]
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`
}
