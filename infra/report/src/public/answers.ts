import { ordered, type QuestionName, questionNames, type Row } from '../questions/question.ts'
import { questions } from '../questions/questions.ts'
import { rateOf } from '../questions/wilson.ts'
import type { Answer, Answers } from '../show/answers.ts'
import type { Coverage } from '../source.ts'
import type { Measures } from './measures.ts'
import { isToldByTotal } from './addition.ts'
import { type Candidate, least, type Measured, type Protected } from './measured.ts'
import { protect, rounded, rowOf } from './protect.ts'

/** Some days before today, and of these the days by which they are more than the period before. */
export interface Period {
  readonly measures: Measures
  readonly more: Measures | undefined
}

interface Decided {
  readonly measures: Measures
  readonly shown: Readonly<Record<QuestionName, readonly Protected[]>>
  /** What every longer period has more. */
  readonly more: Measures[]
}

/**
 * The answers that anybody may see, for periods that end on the same day, the shortest first. A period
 * in whose further days fewer than 20 installs sent something says what the shorter one says.
 */
export function publicAnswers(periods: readonly Period[], title: string): readonly Answers[] {
  const decided: Decided[] = []
  const made: Answers[] = []
  for (const { measures, more } of periods) {
    for (const shorter of decided) if (more !== undefined) shorter.more.push(more)
    const last = made.at(-1)
    const isFew = decided.at(-1)?.more.every(({ clients }) => clients < least)
    if (last !== undefined && isFew === true) {
      made.push(last)
      continue
    }
    const shown = shownOf(measures, decided)
    decided.push({ measures, shown, more: [] })
    made.push(answersOf(measures, shown, title))
  }
  return made
}

function shownOf({ tables }: Measures, decided: readonly Decided[]): Decided['shown'] {
  const shorterOf = (name: QuestionName) =>
    decided.map(({ measures, shown, more }) => ({
      measured: measures.tables[name],
      // Runs that finished stand in the other table as well.
      shown: name === 'unfinished' ? knownIn(measures.tables[name]) : shown[name],
      more: more.map((part) => part.tables[name]),
    }))
  const shown = new Map<QuestionName, readonly Protected[]>()
  const isTold = (name: QuestionName) =>
    isToldByTotal(tables[name], shown.get(name) ?? [], shorterOf(name))
  for (const name of questionNames) {
    const measured =
      name === 'coverage'
        ? withoutTotals(tables.coverage, {
            install: isTold('installs'),
            runtime: isTold('unfinished'),
          })
        : tables[name]
    shown.set(name, protect(measured, shorterOf(name)))
  }
  return Object.fromEntries(shown) as Decided['shown']
}

function knownIn({ candidates }: Measured): readonly Protected[] {
  return candidates.map(({ leading, cells }) => ({
    leading,
    counts: Object.fromEntries(Object.entries(cells).map(([name, { value }]) => [name, value])),
  }))
}

/** The events of installs are their starts and ends; those of runs, too. */
function withoutTotals(
  coverage: Measured,
  isTold: { readonly install: boolean; readonly runtime: boolean },
): Measured {
  const candidates = coverage.candidates.map((row): Candidate => {
    const [family] = row.leading
    const { events } = row.cells
    if ((family !== 'install' && family !== 'runtime') || !isTold[family] || events === undefined)
      return row
    return { ...row, cells: { ...row.cells, events: { ...events, installs: 0 } } }
  })
  return { ...coverage, candidates }
}

function answersOf(
  { tables, byDay, coverage }: Measures,
  shown: Decided['shown'],
  title: string,
): Answers {
  const rowsOf = (name: QuestionName, columns: readonly string[]) =>
    shown[name].map((row) => ordered(shared(rowOf(tables[name].leading, row)), columns))
  const answers = Array.from(questionNames, (name): Answer => {
    const [question, { leading }] = [questions[name], tables[name]]
    const columns = [...leading, ...question.columns]
    const runs = { by: [], rows: rowsOf('active', questions.active.columns), failed: undefined }
    return {
      question,
      columns,
      leading: leading.length,
      rows: rowsOf(name, columns),
      more: 0,
      ...(name === 'failures' && { runs }),
    }
  })
  return {
    title,
    coverage: roughly(coverage, shown.coverage),
    release: undefined,
    answers,
    compared: undefined,
    byDay: protect(byDay)
      .map((row) => rowOf(byDay.leading, row))
      .filter(isWhole),
    digits: 0,
  }
}

/** Shares are those of the rounded counts, so they say no more than these do. */
function shared(row: Row): Row {
  const { completed, failed } = row
  if (typeof completed !== 'number' || typeof failed !== 'number') return row
  const { share, low, high } = rateOf(completed, completed + failed)
  return {
    ...row,
    succeeded: whole(share, Math.round),
    low: whole(low, Math.floor),
    high: whole(high, Math.ceil),
  }
}

/** In whole per cent, an interval rounded outwards. */
function whole(share: number | null, round: (value: number) => number): number | null {
  return share === null ? null : round(share * 100) / 100
}

function isWhole(row: Row): boolean {
  return Object.values(row).every((value) => value !== null)
}

/** Of events, the sum of those that are shown by family: another total would give a family away. */
function roughly(coverage: Coverage, families: readonly Protected[]): Coverage {
  return {
    ...coverage,
    events: families.reduce((sum, { counts }) => sum + (counts['events'] ?? 0), 0),
    repeated: rounded(coverage.repeated),
    unreadable: rounded(coverage.unreadable),
    undated: rounded(coverage.undated),
  }
}
