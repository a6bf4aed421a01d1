import { status } from './commands/status.ts'
import type { Invocation } from './invocation.ts'

const aliases = new Set(['status', 'print', 'enable', 'disable', 'endpoint'])

/** What people type who have not read the manual, and what they mean. */
const meanings: Readonly<Record<string, string>> = {
  'opt-out': 'disable',
  optout: 'disable',
  'opt-in': 'enable',
  optin: 'enable',
  off: 'disable',
  on: 'enable',
  show: 'status',
  version: '--version',
  '-v': '--version',
}

/**
 * `--status` is `status`, wherever it stands before a command, `--json status` is `status --json`, and
 * no command at all is the given default. Everything else is left to the parser.
 */
export function spellOut(argv: readonly string[], otherwise: () => string): readonly string[] {
  const [first = '', ...others] = argv
  if (commands.has(first)) return argv
  if (first === 'help') return helpLine(others)
  const meant = meaningOf(first)
  if (meant !== undefined) return [meant, ...others]
  const end = argv.indexOf('--')
  const considered = end === -1 ? argv : argv.slice(0, end)
  const at = considered.findIndex((word) => !word.startsWith('-') || aliasIn(word) !== undefined)
  const word = considered[at]
  if (word === undefined) return isBare(considered) ? [otherwise(), ...argv] : argv
  const alias = aliasIn(word)
  if (alias === undefined) {
    const before = argv.slice(0, at)
    if (at === 0 || !isBare(before)) return argv
    return spellOut([word, ...before, ...argv.slice(at + 1)], otherwise)
  }
  const [, value] = /=(.*)$/s.exec(word) ?? []
  return [
    alias,
    ...(value === undefined ? [] : [value]),
    ...argv.slice(0, at),
    ...argv.slice(at + 1),
  ]
}

export function meaningOf(word: string): string | undefined {
  return Object.hasOwn(meanings, word) ? meanings[word] : undefined
}

/** Help for one command, also by what else people call it, or else for all. It takes no options. */
function helpLine(words: readonly string[]): readonly string[] {
  const about = words
    .map((word) => meaningOf(word) ?? word)
    .find((word) => !word.startsWith('-') && word !== 'help')
  return about === undefined ? ['help'] : ['help', about]
}

function aliasIn(word: string): string | undefined {
  const name = /^--([a-z]+)(=|$)/.exec(word)?.[1]
  return name !== undefined && aliases.has(name) ? name : undefined
}

/** Anything else that starts with a dash is for the parser to know, or to find the nearest to. */
function isBare(words: readonly string[]): boolean {
  return words.every((word) => word === '--json')
}

type Command = (
  invocation: Invocation,
  options: { readonly json?: boolean },
) => void | Promise<void>

/** The executable unpacks only what it runs. */
const commands = new Map<string, Command>([
  ['status', status],
  [
    'print',
    async (invocation, options) => {
      const { print } = await import('./commands/print.ts')
      await print(invocation, undefined, options)
    },
  ],
  ['enable', async (...given) => (await import('./commands/enable.ts')).enable(...given)],
  ['disable', async (...given) => (await import('./commands/disable.ts')).disable(...given)],
])

/**
 * The command of a line that needs no parser: one word, or that and `--json`. These are what people
 * wait for most, and to load the parser would take a third of their time.
 */
export function plainCommand([word = '', ...options]: readonly string[]):
  | ((invocation: Invocation) => void | Promise<void>)
  | undefined {
  const command = commands.get(word)
  if (command === undefined || options.length > 1) return undefined
  if (options.length === 0) return (invocation) => command(invocation, {})
  return options[0] === '--json' ? (invocation) => command(invocation, { json: true }) : undefined
}
