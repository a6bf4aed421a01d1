import { confirm, isCancel } from '@clack/prompts'

/** Asks a person at the terminal. No answer is a no. */
export async function agree(
  question: string,
  { enterMeans = true }: { readonly enterMeans?: boolean } = {},
): Promise<boolean> {
  const answer = await confirm({ message: question, initialValue: enterMeans })
  return !isCancel(answer) && answer
}
