import { numberIn, type Row } from '../questions/question.ts'
import type { Answer, Answers, Runs } from './answers.ts'
import { count, interval, percent, plural, rateIn } from './figures.ts'

export type Tone = 'good' | 'bad' | 'open' | 'plain'

export interface Segment {
  readonly share: number
  readonly tone: Tone
}

export interface Column {
  readonly label: string
  readonly isNumber: boolean
  readonly isDay?: boolean
  /** A terminal that is too narrow leaves it out. */
  readonly isOptional?: boolean
}

/** An answer as people read it: the same in a terminal and on a page. */
export interface Table {
  readonly title: string
  readonly note: string
  readonly columns: readonly Column[]
  readonly rows: readonly { readonly cells: readonly string[]; readonly bar: readonly Segment[] }[]
  /** What the bars mean, for those who do not see them. */
  readonly bars: string
  readonly more: string
}

interface Measure {
  readonly columns: readonly string[]
  readonly optional?: ReadonlySet<string>
  readonly cells: (row: Row) => readonly string[]
  readonly bar: (row: Row) => readonly Segment[]
  readonly bars: string
}

export function tableOf(answer: Answer, { digits }: Answers): Table {
  const { question, columns, leading, rows, more } = answer
  if (question.name === 'active' && leading === 0) return activeTable(answer, digits)
  const { columns: labels, optional, cells, bar, bars } = measureOf(answer, digits)
  const given = columns.slice(0, leading)
  const isUsual = question.name === 'failures' && given.join() === question.leading.join()
  // The code is what a reader looks for, so it names the row.
  const names = isUsual ? ['code', ...given.filter((one) => one !== 'code')] : given
  return {
    title: question.title,
    note: noteOf(answer),
    columns: [
      ...names.map((label) => ({
        label: label.replaceAll('_', ' '),
        isNumber: false,
        isDay: label === 'day',
        isOptional: isUsual && label !== 'code',
      })),
      ...labels.map((label) => ({
        label,
        isNumber: true,
        isDay: days.has(label),
        isOptional: optional?.has(label) === true,
      })),
    ],
    rows: rows.map((row) => ({
      cells: [...names.map((name) => String(row[name] ?? '')), ...cells(row)],
      bar: bar(row),
    })),
    bars,
    more: more === 0 ? '' : `${plural(more, 'row')} more`,
  }
}

function noteOf({ question, runs }: Answer): string {
  if (runs?.failed === undefined) return question.note
  const finished = runs.rows.reduce((sum, row) => sum + numberIn(row, 'finished'), 0)
  const totals = { failed: runs.failed, finished }
  const rate = rateIn(totals, 'failed', 'finished')
  if (rate.share === null) return question.note
  const share = `${count(totals, 'failed')} of ${plural(finished, 'finished run')} failed`
  return `${share}: ${percent(rate.share)} (${interval(rate)}). A REPL session always reports success.`
}

function measureOf({ question, rows, columns, runs }: Answer, digits: number): Measure {
  const most = (name: string) => Math.max(1, ...rows.map((row) => numberIn(row, name)))
  switch (question.name) {
    case 'installs':
      return {
        columns: ['completed', 'failed', 'open', 'succeeded', '95 %'],
        cells: (row) => {
          const rate = rateIn(row, 'completed', 'completed', 'failed')
          const counts = ['completed', 'failed', 'open'].map((name) => count(row, name))
          return [...counts, percent(rate.share, digits), interval(rate, digits)]
        },
        bar: (row) => shares(row, ['completed', 'good'], ['failed', 'bad'], ['open', 'open']),
        bars: 'completed, failed, open',
      }
    case 'active':
      return {
        columns: [
          'finished',
          ...['JIT on', 'JIT used', 'accel. on', 'GPU used'].flatMap((label) => [label, '95 %']),
        ],
        optional: intervals,
        cells: (row) => [
          count(row, 'finished'),
          ...activities.flatMap(([, name]) => {
            const rate = rateIn(row, name, 'finished')
            return [percent(rate.share, digits), interval(rate, digits)]
          }),
        ],
        bar: (row) => [{ share: rateIn(row, 'jit_used', 'finished').share ?? 0, tone: 'plain' }],
        bars: 'JIT used',
      }
    case 'failures': {
      const finished = finishedOf(runs)
      return {
        columns: ['runs', 'clients', 'of runs', '95 %'],
        optional: intervals,
        cells: (row) => {
          const both = { runs: row['runs'] ?? null, finished: finished(row) }
          const rate = rateIn(both, 'runs', 'finished')
          const counts = ['runs', 'installs'].map((name) => count(row, name))
          return [...counts, percent(rate.share, digits), interval(rate, digits)]
        },
        bar: (row) => [{ share: numberIn(row, 'runs') / most('runs'), tone: 'plain' }],
        bars: 'runs',
      }
    }
    case 'unfinished':
      return {
        columns: ['started', 'finished', 'unfinished', 'share', '95 %'],
        cells: (row) => {
          const rate = rateIn(row, 'unfinished', 'started')
          const counts = ['started', 'finished', 'unfinished'].map((name) => count(row, name))
          return [...counts, percent(rate.share, digits), interval(rate, digits)]
        },
        bar: (row) => shares(row, ['finished', 'good'], ['unfinished', 'open']),
        bars: 'finished, unfinished',
      }
    case 'versions':
      return plainMeasure(columns, 'clients', most('clients'))
    case 'usage':
      return plainMeasure(columns, 'installs', most('installs'))
    case 'coverage':
      return plainMeasure(columns, 'events', most('events'))
  }
}

/** The finished runs that the runs of a row are a part of. */
function finishedOf({ by, rows }: Runs = { by: [], rows: [], failed: undefined }) {
  const keyOf = (row: Row) => JSON.stringify(by.map((name) => row[name]))
  const counts = new Map(rows.map((row) => [keyOf(row), row['finished'] ?? null]))
  return (row: Row) => counts.get(keyOf(row)) ?? null
}

const intervals = new Set(['95 %'])
const days = new Set(['first', 'last'])
const counts = new Set(['clients', 'runs', 'installs', 'count', 'events', 'undated', 'lost'])

/** Counts as they are, and a bar for one of them. */
function plainMeasure(columns: readonly string[], name: string, most: number): Measure {
  const shown = columns.filter((column) => counts.has(column) || days.has(column))
  return {
    columns: shown,
    cells: (row) =>
      shown.map((column) => (days.has(column) ? String(row[column] ?? '–') : count(row, column))),
    bar: (row) => [{ share: numberIn(row, name) / most, tone: 'plain' }],
    bars: name,
  }
}

const activities = [
  ['JIT enabled', 'jit_enabled'],
  ['JIT used', 'jit_used'],
  ['acceleration enabled', 'accelerate_enabled'],
  ['GPU used', 'gpu_used'],
] as const

/** One row of counts is easier to read turned round. */
function activeTable({ question, rows }: Answer, digits: number): Table {
  const row = rows[0] ?? {}
  const n = numberIn(row, 'finished')
  return {
    title: question.title,
    note: n === 0 ? 'No finished runs.' : `Of ${plural(n, 'finished run')}.`,
    columns: [
      { label: '', isNumber: false },
      ...['runs', 'share', '95 %'].map((label) => ({ label, isNumber: true })),
    ],
    rows: activities.map(([label, name]) => {
      const rate = rateIn(row, name, 'finished')
      return {
        cells: [label, count(row, name), percent(rate.share, digits), interval(rate, digits)],
        bar: [{ share: rate.share ?? 0, tone: 'plain' }],
      }
    }),
    bars: 'share',
    more: '',
  }
}

/** No bar where a part of it is hidden: its length would tell. */
function shares(row: Row, ...parts: readonly (readonly [string, Tone])[]): readonly Segment[] {
  if (parts.some(([name]) => typeof row[name] !== 'number')) return []
  const all = parts.reduce((sum, [name]) => sum + numberIn(row, name), 0)
  if (all === 0) return []
  return parts.map(([name, tone]) => ({ share: numberIn(row, name) / all, tone }))
}
