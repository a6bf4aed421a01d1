import type { Report } from './cli/request.ts'
import type { By } from './facts/columns.ts'
import {
  type Ask,
  leadingOf,
  numberIn,
  ordered,
  type Question,
  type QuestionName,
  type Row,
} from './questions/question.ts'
import { questions } from './questions/questions.ts'
import type { Answer, Answers, Runs } from './show/answers.ts'
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
      ...(name === 'failures' && { runs: await runsOf(source, ask, rows) }),
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

const everyRunHas: readonly string[] = [
  'day',
  'os',
  'arch',
  'platform',
  'release',
  'run_kind',
  'backend',
] satisfies By[]

async function runsOf(source: Source, ask: Ask, failures: readonly Row[]): Promise<Runs> {
  const by = (ask.by ?? []).filter((name) => everyRunHas.includes(name))
  const rows = await rowsOf(source, questions.active, { ...ask, by })
  return { by, rows, failed: failures.reduce((sum, row) => sum + numberIn(row, 'runs'), 0) }
}
