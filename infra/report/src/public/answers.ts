import { ordered, questionNames, type Row } from '../questions/question.ts'
import { questions } from '../questions/questions.ts'
import { rateOf } from '../questions/wilson.ts'
import type { Answer, Answers } from '../show/answers.ts'
import type { Coverage, Source } from '../source.ts'
import { active, measured, type Measured } from './measures.ts'
import { protect, rounded, rowOf } from './protect.ts'

/** The answers that anybody may see. */
export async function publicAnswers(source: Source, title: string): Promise<Answers> {
  const answers: Answer[] = []
  // `active` comes before `failures`, which are shares of its runs.
  let totals: readonly Row[] = []
  for (const name of questionNames) {
    const question = questions[name]
    const found = await measured(source, name)
    const columns = [...found.leading, ...question.columns]
    const rows = protectedRows(found).map((row) => ordered(shared(row), columns))
    const runs = name === 'failures' && { runs: { by: [], rows: totals, failed: undefined } }
    if (name === 'active') totals = rows
    answers.push({ question, columns, leading: found.leading.length, rows, more: 0, ...runs })
  }
  return {
    title,
    coverage: roughly(await source.coverage()),
    release: undefined,
    answers,
    compared: undefined,
    byDay: protectedRows(await active(source, ['day'])).filter(isWhole),
    digits: 0,
  }
}

function protectedRows({ leading, candidates, together }: Measured): readonly Row[] {
  return protect(candidates, together).map((row) => rowOf(leading, row))
}

/** Shares are those of the rounded counts, so they say no more than these do. */
function shared(row: Row): Row {
  const { completed, failed } = row
  if (typeof completed !== 'number' || typeof failed !== 'number') return row
  const { share, low, high } = rateOf(completed, completed + failed)
  return { ...row, succeeded: whole(share), low: whole(low), high: whole(high) }
}

function whole(share: number | null): number | null {
  return share === null ? null : Math.round(share * 100) / 100
}

function isWhole(row: Row): boolean {
  return Object.values(row).every((value) => value !== null)
}

function roughly(coverage: Coverage): Coverage {
  return {
    ...coverage,
    events: rounded(coverage.events),
    repeated: rounded(coverage.repeated),
    unreadable: rounded(coverage.unreadable),
    undated: rounded(coverage.undated),
  }
}
