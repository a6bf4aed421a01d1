import type { Question, Row } from '../questions/question.ts'
import type { Coverage } from '../source.ts'

/**
 * Of JSON and CSV alike. Columns may be added to a version; another one begins where a column goes or
 * means something else.
 */
export const formatVersion = 1

export interface Answer {
  readonly question: Question
  readonly columns: readonly string[]
  /** How many of the columns say what was counted; the others are the counts. */
  readonly leading: number
  readonly rows: readonly Row[]
  /** Rows that `--top` left out. */
  readonly more: number
  /** What rates of failure are shares of. */
  readonly runs?: Runs
}

/** Finished runs, counted by those columns of a question that every run has. */
export interface Runs {
  readonly by: readonly string[]
  readonly rows: readonly Row[]
  /** Undefined where it may not be seen. */
  readonly failed: number | undefined
}

/** All that a page or a table is made of. */
export interface Answers {
  readonly title: string
  readonly coverage: Coverage
  readonly release: string | undefined
  readonly answers: readonly Answer[]
  /** The other release, asked the same. */
  readonly compared: { readonly release: string; readonly answers: readonly Answer[] } | undefined
  /** Acceleration and JIT day by day, for a picture. */
  readonly byDay: readonly Row[]
  /** After the point of a per cent. */
  readonly digits: number
}
