import { type Command, CommanderError } from 'commander'

import type { Product } from '../product/product.ts'
import { isNear } from '../settings/unclear.ts'
import { meaningOf } from './command-line.ts'
import { foldErr } from './fold.ts'
import { toJson } from './io.ts'
import { CliError, done, wrongUsage } from './error.ts'
import { wantsOff, wayOff } from './off-words.ts'
import { programOf, type Wiring } from './program.ts'

/** Runs the command of a line, with all its options, and says how it ended. */
export async function parse(
  words: readonly string[],
  wiring: Omit<Wiring, 'end'>,
): Promise<number> {
  let code: number = done
  const end = (ended: number) => {
    code = ended
  }
  const [first = '', ...others] = words.filter((word) => word !== '--json')
  if (versionFlags.has(first) && others.length === 0 && words.includes('--json')) {
    const { ingestionKey } = wiring.product
    const hasKey = ingestionKey === undefined ? undefined : ingestionKey.embedded !== ''
    wiring.io.out(toJson({ version: wiring.version, has_ingestion_key: hasKey }))
    return done
  }
  const program = programOf({ ...wiring, end })
  try {
    requireKnownHelp(words, program)
    await program.parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0) throw wrongLine(error, words, program, wiring.product)
    if (error.code === 'commander.version') sayKey(wiring)
    return done
  }
}

const versionFlags = new Set(['--version', '-V'])

/** The parser would show the help of everything instead, and not say why. */
function requireKnownHelp([word, name]: readonly string[], program: Command): void {
  if (word !== 'help' || name === undefined) return
  if (program.commands.some((one) => one.name() === name || one.aliases().includes(name))) return
  program.error(`error: unknown command '${name}'`, { code: 'commander.unknownCommand' })
}

const commandFlags = ['--status', '--print', '--enable', '--disable', '--endpoint']

/** What the parser says, and what we say in its place. */
const rewordings: readonly (readonly [RegExp, string])[] = [
  [/^unknown (command|option) '(.*)'$/s, 'Unknown $1 "$2".'],
  [/^missing required argument '(.*)'$/, '<$1> is missing.'],
  [
    /^option '(?:-\w, )?(--\S+)' cannot be used with option '(--\S+)'$/,
    "$1 can't be combined with $2.",
  ],
  [/^command-argument value '(.*)' is invalid for argument '(.*)'\./, '"$1" is not a known $2.'],
  [/^too many arguments for '(.*)'\. Expected 0 .*$/s, '$1 takes no argument.'],
  [/^too many arguments for '(.*)'\. Expected 1 .*$/s, '$1 takes one argument only.'],
  [/^option '(?:-\w, )?(--\S+) (<.*>)' argument missing$/, '$1 needs a value: $1 $2.'],
]

/** The parser's own words, in our voice. */
function wrongLine(
  { message }: CommanderError,
  line: readonly string[],
  program: Command,
  product: Product,
) {
  const about = program.commands
    .find((one) => one.name() === line[0] && one.name() !== 'help')
    ?.name()
  const [said = '', guess] = message.replace(/^error: /, '').split('\n')
  const flag = commandFlags.find((one) => said === `unknown option '${one}'`)
  const [, nearest] = /^\(Did you mean (.+)\?\)$/.exec(guess ?? '') ?? []
  const sentence =
    flag === undefined
      ? rewordings.reduce((text, [theirs, ours]) => text.replace(theirs, ours), said)
      : twoCommands(line[0] ?? '', flag.slice(2))
  const meant =
    flag === undefined ? (meantCommand(said, program) ?? nearest ?? nearestChoice(said)) : undefined
  const stop = sentence.endsWith('.') ? '' : '.'
  const question = meant === undefined ? '' : ` Did you mean ${meant}?`
  const hint =
    flag !== undefined
      ? 'Neither was run. Use one of them.'
      : about === undefined
        ? `Run ${product.command} --help to see all commands.`
        : `Run ${product.command} ${about} --help to see what it takes.`
  return new CliError(sentence + stop + question, {
    exitCode: wrongUsage,
    hint: wantsOff(line) ? `${hint}\n${wayOff(product.command)}` : hint,
  })
}

/** What else people try, and what may do it. By its letters alone, "erase" is nearest to "enable". */
const guesses: Readonly<Record<string, string>> = {
  erase: 'forget',
  delete: 'forget',
  remove: 'forget',
  stop: 'disable',
  start: 'enable',
  history: 'log',
  send: 'upload',
  check: 'doctor',
}

/** Dashes or not: by its letters alone, "--on" is nearest to "--json". */
function meantCommand(said: string, program: Command): string | undefined {
  const word = /^unknown (?:command '|option '--)(.*)'$/s.exec(said)?.[1]?.toLowerCase() ?? ''
  const guess = meaningOf(word) ?? (Object.hasOwn(guesses, word) ? guesses[word] : word)
  return program.commands.map((command) => command.name()).find((name) => name === guess)
}

/** The parser looks for the nearest command and option, but not for the nearest operand. */
function nearestChoice(said: string): string | undefined {
  const found = /^command-argument value '(.*)' is invalid .* Allowed choices are (.*)\.$/s.exec(
    said,
  )
  const [, given = '', choices = ''] = found ?? []
  return found ? choices.split(', ').find((choice) => isNear(given, choice)) : undefined
}

function twoCommands(one: string, other: string): string {
  return one === other
    ? `--${other} says ${one} a second time.`
    : `${one} and ${other} are two commands, and only one can run at a time.`
}

/** Without a key a build sends nothing, and its version alone does not say so. */
function sayKey({ product, io }: Pick<Wiring, 'product' | 'io'>): void {
  const { ingestionKey } = product
  if (ingestionKey === undefined) return
  const text =
    ingestionKey.embedded === ''
      ? `This build has no ingestion key, so it sends nothing unless ${ingestionKey.variable} is set.`
      : 'This build has an ingestion key.'
  io.err(`${foldErr([text], io).join('\n')}\n`)
}
