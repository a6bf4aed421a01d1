import type { By } from '../facts/columns.ts'

export type Value = string | number | null
export type Row = Readonly<Record<string, Value>>

/** What is asked besides the question itself. */
export interface Ask {
  /** In place of the question's own leading columns. */
  readonly by: readonly By[] | undefined
  readonly release: string | undefined
}

/**
 * A question in the SQL that DuckDB and ClickHouse both understand, over a table `facts`. What SQL
 * cannot say alike in both is said in `shape`.
 */
export interface Question {
  readonly name: QuestionName
  readonly title: string
  readonly note: string
  /** Those that a row begins with where `--by` names none. */
  readonly leading: readonly string[]
  /** The others. */
  readonly columns: readonly string[]
  readonly sql: (ask: Ask) => string
  readonly shape: (rows: readonly Row[]) => readonly Row[]
}

export const questionNames = [
  'installs',
  'active',
  'failures',
  'unfinished',
  'versions',
  'usage',
  'coverage',
] as const

export type QuestionName = (typeof questionNames)[number]

export function leadingOf(question: Question, { by }: Ask): readonly string[] {
  if (by === undefined) return question.leading
  // A column that a question counts by anyway does not stand twice.
  return question.name === 'usage' ? [...new Set([...by, ...question.leading])] : by
}

export function isOf({ release }: Ask): string {
  return release === undefined ? '1 = 1' : `release = ${text(release)}`
}

export function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

/** `GROUP BY a, b`, or nothing for one row over all. */
export function grouping(columns: readonly string[]): string {
  return columns.length === 0 ? '' : `GROUP BY ${columns.join(', ')}`
}

export function list(columns: readonly string[], more: readonly string[]): string {
  return [...columns, ...more].join(', ')
}

export function sum(condition: string, name: string): string {
  return `CAST(coalesce(sum(CASE WHEN ${condition} THEN 1 ELSE 0 END), 0) AS BIGINT) AS ${name}`
}

export function numberIn(row: Row, name: string): number {
  return Number(row[name] ?? 0)
}

/** The order of the columns is part of what a question promises. */
export function ordered(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(columns.map((name) => [name, row[name] ?? null]))
}
