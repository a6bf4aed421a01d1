import type { Io } from './io.ts'

export interface Interruption {
  /** Settles when the person, or the system, wants a command that runs for long to end. */
  readonly happened: Promise<void>
  /** From now on a signal ends the program, which may have more to do than that command. */
  readonly release: () => void
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function interruption(io: Io): Interruption {
  let settle = (): void => undefined
  const happened = new Promise<void>((resolve) => {
    settle = resolve
  })
  const end = (signal: NodeJS.Signals): void => {
    release()
    // The terminal has shown ^C, and whatever comes next belongs on a line of its own.
    if (signal === 'SIGINT' && io.errIsTerminal()) io.err('\n')
    settle()
  }
  const release = (): void => {
    for (const signal of signals) process.removeListener(signal, end)
  }
  for (const signal of signals) process.on(signal, end)
  return { happened, release }
}
