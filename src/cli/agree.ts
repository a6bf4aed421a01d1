import type { Io } from './io.ts'
import { questionWidth } from './fold.ts'
import { confirm, isCancel } from './prompts.ts'
import { wrap } from './words.ts'

/** Asks a person at the terminal. No answer is a no. */
export async function agree(
  question: string,
  io: Io,
  { enterMeans = true }: { readonly enterMeans?: boolean } = {},
): Promise<boolean> {
  // The prompt would begin a line with the space at which it breaks.
  const message = wrap(question, '', questionWidth(io)).join('\n')
  const answer = await confirm({ message, initialValue: enterMeans })
  return !isCancel(answer) && answer
}
