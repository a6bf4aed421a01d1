import { CommanderError } from 'commander'

import { done, wrongUsage } from './error.ts'
import { programOf, type Wiring } from './program.ts'

/** Runs the command of a line, with all its options, and says how it ended. */
export async function parse(line: readonly string[], wiring: Omit<Wiring, 'end'>): Promise<number> {
  let code: number = done
  const end = (ended: number) => {
    code = ended
  }
  try {
    await programOf({ ...wiring, end }).parseAsync(line, { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // The parser has said everything by now, or was asked for help.
    return error.exitCode === 0 ? done : wrongUsage
  }
}
