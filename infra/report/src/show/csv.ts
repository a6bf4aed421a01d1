import type { Row } from '../questions/question.ts'
import { type Answer, type Answers, formatVersion } from './answers.ts'

/**
 * One question has its own columns; several share one table, with the question's name before. The
 * version stands in a column, since a line before the heading would be taken for the heading.
 */
export function csvOf({ release, answers, compared }: Answers): string {
  const parts = [
    ...answers.map((answer) => ({ answer, release })),
    ...(compared?.answers ?? []).map((answer) => ({ answer, release: compared?.release })),
  ]
  const extra = [
    ...(compared === undefined ? [] : ['of_release']),
    ...(answers.length === 1 ? [] : ['question']),
  ]
  const columns = [
    ...new Set([...extra, ...answers.flatMap((answer) => answer.columns), 'format_version']),
  ]
  const lines = parts.flatMap(({ answer, release: of }) =>
    rowsOf(answer, of).map((row) => columns.map((name) => cell(row[name])).join(',')),
  )
  return [columns.join(','), ...lines, ''].join('\n')
}

function rowsOf({ question, rows }: Answer, release: string | undefined): readonly Row[] {
  const more = {
    question: question.name,
    of_release: release ?? null,
    format_version: formatVersion,
  }
  return rows.map((row) => Object.assign({ ...row }, more))
}

/** A spreadsheet would take text that begins with one of these for a formula. */
function cell(value: Row[string] | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
