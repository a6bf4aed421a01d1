import type { Report } from './cli/request.ts'
import {
  type Ask,
  leadingOf,
  ordered,
  type Question,
  type QuestionName,
  type Row,
} from './questions/question.ts'
import { questions } from './questions/questions.ts'
import type { Answer, Answers } from './show/answers.ts'
import type { Source } from './source.ts'

type Asked = Pick<Report, 'questions' | 'by' | 'release' | 'compare' | 'top' | 'format'>

/** People see so many rows of a question where they did not say how many; programs see all. */
const readable = 20

export async function answersOf(source: Source, asked: Asked, title: string): Promise<Answers> {
  const { release, compare, by } = asked
  const isForPeople = asked.format === 'text' || asked.format === 'html'
  const top = asked.top ?? (isForPeople ? readable : undefined)
  const ask = { by, release }
  const answers = await allOf(source, asked.questions, ask, top)
  const compared =
    compare === undefined
      ? undefined
      : {
          release: compare,
          answers: await allOf(source, asked.questions, { by, release: compare }, top),
        }
  return {
    title,
    coverage: await source.coverage(),
    release,
    answers,
    compared,
    totals: isForPeople ? await totalsOf(source, ask) : {},
    digits: 1,
    byDay:
      asked.format === 'html' && asked.questions.includes('active')
        ? await rowsOf(source, questions.active, { by: ['day'], release })
        : [],
  }
}

async function allOf(
  source: Source,
  names: readonly QuestionName[],
  ask: Ask,
  top: number | undefined,
): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const name of names) {
    const question = questions[name]
    const leading = leadingOf(question, ask)
    const rows = await rowsOf(source, question, ask)
    const shown = top === undefined ? rows : rows.slice(0, top)
    answers.push({
      question,
      columns: [...leading, ...question.columns],
      leading: leading.length,
      rows: shown,
      more: rows.length - shown.length,
    })
  }
  return answers
}

export async function rowsOf(
  source: Source,
  question: Question,
  ask: Ask,
): Promise<readonly Row[]> {
  const columns = [...leadingOf(question, ask), ...question.columns]
  const rows = await source.rows(question.sql(ask))
  return question.shape(rows).map((row) => ordered(row, columns))
}

/** The denominators. */
async function totalsOf(source: Source, ask: Ask): Promise<Row> {
  const [active] = await rowsOf(source, questions.active, { ...ask, by: [] })
  const failed = await rowsOf(source, questions.failures, { ...ask, by: [] })
  return { finished: active?.['finished'] ?? 0, failed: failed[0]?.['runs'] ?? 0 }
}
