import { numberIn, type Row } from '../questions/question.ts'
import type { Answer, Answers } from './answers.ts'
import { count, interval, percent, plural, rateIn } from './figures.ts'

export type Tone = 'good' | 'bad' | 'open' | 'plain'

export interface Segment {
  readonly share: number
  readonly tone: Tone
}

export interface Column {
  readonly label: string
  readonly isNumber: boolean
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
  readonly cells: (row: Row) => readonly string[]
  readonly bar: (row: Row) => readonly Segment[]
  readonly bars: string
}

export function tableOf(answer: Answer, { totals, digits }: Answers): Table {
  const { question, columns, leading, rows, more } = answer
  if (question.name === 'active' && leading === 0) return activeTable(answer, digits)
  const { columns: labels, cells, bar, bars } = measureOf(answer, totals, digits)
  const names = columns.slice(0, leading)
  return {
    title: question.title,
    note: noteOf(answer, totals),
    columns: [
      ...names.map((label) => ({ label: label.replaceAll('_', ' '), isNumber: false })),
      ...labels.map((label) => ({ label, isNumber: true })),
    ],
    rows: rows.map((row) => ({
      cells: [...names.map((name) => String(row[name] ?? '')), ...cells(row)],
      bar: bar(row),
    })),
    bars,
    more: more === 0 ? '' : `${plural(more, 'row')} more`,
  }
}

function noteOf({ question }: Answer, totals: Row): string {
  if (question.name !== 'failures') return question.note
  const rate = rateIn(totals, 'failed', 'finished')
  if (rate.share === null) return question.note
  const share = `${count(totals, 'failed')} of ${count(totals, 'finished')} finished runs failed`
  return `${share}: ${percent(rate.share)} (${interval(rate)}). A REPL session always reports success.`
}

function measureOf({ question, rows, columns }: Answer, totals: Row, digits: number): Measure {
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
        columns: ['finished', 'JIT on', 'JIT used', 'accel. on', 'GPU used'],
        cells: (row) => [
          count(row, 'finished'),
          ...activities.map(([, name]) => percent(rateIn(row, name, 'finished').share, digits)),
        ],
        bar: (row) => [{ share: rateIn(row, 'jit_used', 'finished').share ?? 0, tone: 'plain' }],
        bars: 'JIT used',
      }
    case 'failures':
      return {
        columns: ['runs', 'clients', 'of runs'],
        cells: (row) => [
          count(row, 'runs'),
          count(row, 'installs'),
          percent(shareOf(row, 'runs', totals, 'finished'), 2),
        ],
        bar: (row) => [{ share: numberIn(row, 'runs') / most('runs'), tone: 'plain' }],
        bars: 'runs',
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

function shareOf(row: Row, hits: string, totals: Row, all: string): number | null {
  const n = numberIn(totals, all)
  return n === 0 ? null : numberIn(row, hits) / n
}

/** No bar where a part of it is hidden: its length would tell. */
function shares(row: Row, ...parts: readonly (readonly [string, Tone])[]): readonly Segment[] {
  if (parts.some(([name]) => typeof row[name] !== 'number')) return []
  const all = parts.reduce((sum, [name]) => sum + numberIn(row, name), 0)
  if (all === 0) return []
  return parts.map(([name, tone]) => ({ share: numberIn(row, name) / all, tone }))
}
