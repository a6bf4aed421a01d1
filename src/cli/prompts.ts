import { styleText } from 'node:util'

import * as clack from '@clack/prompts'
import { S_BAR, settings, symbol } from '@clack/prompts'

// Ctrl-D closes the input. A question that did not end with it would never be answered, and the command
// would end there with exit code 0, as if it had done its work.
settings.aliases.set('\u0004', 'cancel')

export { intro, isCancel, log, outro, settings } from '@clack/prompts'

export const confirm: typeof clack.confirm = (options) =>
  clack.confirm({ ...options, ...closing(options) })

export const select: typeof clack.select = (options) =>
  clack.select({ ...options, ...closing(options) })

export const text: typeof clack.text = (options) => clack.text({ ...options, ...closing(options) })

/**
 * The last frame of a question that nobody answered. It would show what the cursor was on, as it shows an
 * answer, and Esc itself moves the cursor.
 */
function closing({ message }: { readonly message: string }) {
  const { stdout } = process
  const write = (frame: string): boolean => stdout.write(cancelled(frame, message))
  return { output: Object.create(stdout, { write: { value: write } }) as typeof stdout }
}

function cancelled(frame: string, message: string): string {
  if (!frame.startsWith(symbol('cancel'))) return frame
  const bar = styleText('gray', S_BAR)
  const title = frame.split('\n').slice(0, message.split('\n').length)
  return [...title, `${bar}  ${styleText('dim', 'Cancelled')}`, bar].join('\n')
}
