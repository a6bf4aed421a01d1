import { numberIn, type Row } from '../questions/question.ts'
import { rateOf } from '../questions/wilson.ts'
import type { Answer, Answers } from './answers.ts'
import { interval, percent, plural, whole } from './figures.ts'

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

export function tableOf(answer: Answer, { totals }: Answers): Table {
  const { question, columns, leading, rows, more } = answer
  if (question.name === 'active' && leading === 0) return activeTable(answer)
  const { columns: labels, cells, bar, bars } = measureOf(answer, totals)
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
  const [failed, finished] = [numberIn(totals, 'failed'), numberIn(totals, 'finished')]
  const rate = rateOf(failed, finished)
  const share = `${whole(failed)} of ${whole(finished)} finished runs failed`
  return rate.share === null
    ? question.note
    : `${share}: ${percent(rate.share)} (${interval(rate)}). A REPL session always reports success.`
}

function measureOf({ question, rows, columns }: Answer, totals: Row): Measure {
  const most = (name: string) => Math.max(1, ...rows.map((row) => numberIn(row, name)))
  switch (question.name) {
    case 'installs':
      return {
        columns: ['completed', 'failed', 'open', 'succeeded', '95 %'],
        cells: (row) => {
          const [completed, failed] = [numberIn(row, 'completed'), numberIn(row, 'failed')]
          const rate = rateOf(completed, completed + failed)
          return [
            whole(completed),
            whole(failed),
            whole(numberIn(row, 'open')),
            percent(rate.share),
            interval(rate),
          ]
        },
        bar: (row) =>
          shares(
            [numberIn(row, 'completed'), 'good'],
            [numberIn(row, 'failed'), 'bad'],
            [numberIn(row, 'open'), 'open'],
          ),
        bars: 'completed, failed, open',
      }
    case 'active':
      return {
        columns: ['finished', 'JIT on', 'JIT used', 'accel. on', 'GPU used'],
        cells: (row) => {
          const n = numberIn(row, 'finished')
          return [
            whole(n),
            ...['jit_enabled', 'jit_used', 'accelerate_enabled', 'gpu_used'].map((name) =>
              percent(rateOf(numberIn(row, name), n).share),
            ),
          ]
        },
        bar: (row) => [
          {
            share: numberIn(row, 'jit_used') / Math.max(1, numberIn(row, 'finished')),
            tone: 'plain',
          },
        ],
        bars: 'JIT used',
      }
    case 'failures':
      return {
        columns: ['runs', 'clients', 'of runs'],
        cells: (row) => [
          whole(numberIn(row, 'runs')),
          whole(numberIn(row, 'installs')),
          percent(rateOf(numberIn(row, 'runs'), numberIn(totals, 'finished')).share, 2),
        ],
        bar: (row) => [{ share: numberIn(row, 'runs') / most('runs'), tone: 'plain' }],
        bars: 'runs',
      }
    case 'unfinished':
      return {
        columns: ['started', 'finished', 'unfinished', 'share', '95 %'],
        cells: (row) => {
          const rate = rateOf(numberIn(row, 'unfinished'), numberIn(row, 'started'))
          return [
            whole(numberIn(row, 'started')),
            whole(numberIn(row, 'finished')),
            whole(numberIn(row, 'unfinished')),
            percent(rate.share),
            interval(rate),
          ]
        },
        bar: (row) =>
          shares([numberIn(row, 'finished'), 'good'], [numberIn(row, 'unfinished'), 'open']),
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

/** Counts as they are, and a bar for one of them. */
function plainMeasure(columns: readonly string[], name: string, most: number): Measure {
  const counts = new Set([
    'clients',
    'runs',
    'installs',
    'first',
    'last',
    'count',
    'events',
    'undated',
    'lost',
  ])
  const shown = columns.filter((column) => counts.has(column))
  return {
    columns: shown,
    cells: (row) =>
      shown.map((column) => {
        const value = row[column] ?? null
        return typeof value === 'number' ? whole(value) : (value ?? '')
      }),
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
function activeTable({ question, rows }: Answer): Table {
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
      const rate = rateOf(numberIn(row, name), n)
      return {
        cells: [label, whole(numberIn(row, name)), percent(rate.share), interval(rate)],
        bar: [{ share: rate.share ?? 0, tone: 'plain' }],
      }
    }),
    bars: 'share',
    more: '',
  }
}

function shares(...parts: readonly (readonly [number, Tone])[]): readonly Segment[] {
  const all = parts.reduce((sum, [count]) => sum + count, 0)
  return all === 0 ? [] : parts.map(([count, tone]) => ({ share: count / all, tone }))
}
