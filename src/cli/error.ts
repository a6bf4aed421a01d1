import { foldErr } from './fold.ts'
import { type Io, printable } from './io.ts'

export const done = 0
export const failed = 1
export const wrongUsage = 2

/** What is said of an error: what happened, then what to do. */
export function errorText(said: string, hint: string | undefined, io: Io): string {
  const lines = printable([said, ...(hint === undefined ? [] : [hint])].join('\n')).split('\n')
  return `${foldErr(lines, io).join('\n')}\n`
}

/** An end that the user should understand: what happened, and what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number
  readonly hint: string | undefined

  constructor(
    message: string,
    options: { exitCode?: number; hint?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.exitCode = options.exitCode ?? failed
    this.hint = options.hint
  }
}
