import { disable } from './commands/disable.ts'
import { enable } from './commands/enable.ts'
import { print } from './commands/print.ts'
import { status } from './commands/status.ts'
import type { Context } from './context.ts'

type Command = (context: Context, options: { readonly json?: boolean }) => void | Promise<void>

const commands = new Map<string, Command>([
  ['status', status],
  ['print', (context, options) => print(context, 'usage', options)],
  ['enable', enable],
  ['disable', disable],
])

/**
 * The command of a line that needs no parser: one word, or that and `--json`. These are what people
 * wait for most, and to load the parser would take a third of their time.
 */
export function plainCommand([word = '', ...options]: readonly string[]):
  | ((context: Context) => void | Promise<void>)
  | undefined {
  const command = commands.get(word)
  if (command === undefined || options.length > 1) return undefined
  if (options.length === 0) return (context) => command(context, {})
  return options[0] === '--json' ? (context) => command(context, { json: true }) : undefined
}
