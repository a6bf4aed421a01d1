import { type Answer, type Answers, formatVersion } from './answers.ts'

export function jsonOf({ coverage, release, answers, compared }: Answers): string {
  const document = {
    version: formatVersion,
    ...(release === undefined ? {} : { release }),
    coverage,
    questions: questionsOf(answers),
    ...(compared === undefined
      ? {}
      : { compare: { release: compared.release, questions: questionsOf(compared.answers) } }),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function questionsOf(answers: readonly Answer[]): object {
  return Object.fromEntries(answers.map(({ question, rows }) => [question.name, { rows }]))
}
