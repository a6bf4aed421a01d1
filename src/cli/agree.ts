import { confirm, isCancel } from '@clack/prompts'

/** Asks a person at the terminal. No answer is a no. */
export async function agree(question: string): Promise<boolean> {
  const answer = await confirm({ message: question })
  return !isCancel(answer) && answer
}
