import type { Io } from './io.ts'

/** Settles when the person, or the system, wants a command that runs for long to end. */
export function interrupted(io: Io): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => {
      // The terminal has shown ^C, and whatever comes next belongs on a line of its own.
      if (io.errIsTerminal()) io.err('\n')
      resolve()
    })
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
}
