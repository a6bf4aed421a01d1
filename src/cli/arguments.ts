const aliases = new Set(['status', 'print', 'enable', 'disable', 'endpoint'])

/**
 * `--status` is `status`, wherever it stands before a command, and no command at all is the
 * given default. Everything else is left to the parser.
 */
export function spellOut(argv: readonly string[], otherwise: () => string): readonly string[] {
  const end = argv.indexOf('--')
  const considered = end === -1 ? argv : argv.slice(0, end)
  const at = considered.findIndex((word) => !word.startsWith('-') || aliasIn(word) !== undefined)
  const word = considered[at]
  if (word === undefined) return isBare(considered) ? [otherwise(), ...argv] : argv
  const alias = aliasIn(word)
  if (alias === undefined) return argv
  const [, value] = /=(.*)$/s.exec(word) ?? []
  return [
    alias,
    ...(value === undefined ? [] : [value]),
    ...argv.slice(0, at),
    ...argv.slice(at + 1),
  ]
}

function aliasIn(word: string): string | undefined {
  const name = /^--([a-z]+)(=|$)/.exec(word)?.[1]
  return name !== undefined && aliases.has(name) ? name : undefined
}

/** Anything else that starts with a dash is for the parser to know, or to find the nearest to. */
function isBare(words: readonly string[]): boolean {
  return words.every((word) => word === '--json')
}
