import type { Io } from './io.ts'

export interface Interruption {
  /** Settles when the person wants a command that runs for long to end. */
  readonly happened: Promise<void>
  /** From now on Ctrl-C ends the program, which may have more to do than that command. */
  readonly release: () => void
}

/**
 * Other signals end the whole program, which is what they ask for. Once its terminal is closed, Node
 * crashes if it tries to exit normally.
 */
export function interruption(io: Io): Interruption {
  let settle = (): void => undefined
  const happened = new Promise<void>((resolve) => {
    settle = resolve
  })
  const end = (): void => {
    // The terminal has shown ^C, and whatever comes next belongs on a line of its own.
    if (io.errIsTerminal()) io.err('\n')
    settle()
  }
  process.once('SIGINT', end)
  return { happened, release: () => process.removeListener('SIGINT', end) }
}
