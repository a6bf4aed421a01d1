import { scaleLinear, scaleUtc } from 'd3-scale'
import { line } from 'd3-shape'

import { numberIn, type Row } from '../questions/question.ts'
import { percent } from './figures.ts'
import { type Markup, markup, nothing } from './markup.ts'

const series = [
  { name: 'jit_enabled', label: 'JIT enabled' },
  { name: 'jit_used', label: 'JIT used' },
  { name: 'accelerate_enabled', label: 'acceleration on' },
  { name: 'gpu_used', label: 'GPU used' },
] as const

interface Frame {
  readonly name: string
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly ticks: number
}

/** A picture that is scaled down to a phone has letters that nobody can read, so there are two. */
const frames: readonly Frame[] = [
  { name: 'wide', width: 800, height: 260, left: 48, right: 112, ticks: 6 },
  { name: 'narrow', width: 340, height: 220, left: 42, right: 110, ticks: 3 },
]

const [top, bottom] = [12, 28]
const msPerDay = 86_400_000
const daysPerWeek = 7
/** Beyond it a line by day is a blur. */
const mostDays = 200

interface Point {
  readonly at: number
  readonly shares: readonly number[]
}

interface Series {
  readonly points: readonly Point[]
  readonly step: number
}

/** Shares of finished runs day by day, or by week for a long time, each line named at its end. */
export function chartOf(days: readonly Row[]): Markup {
  const found = seriesOf(days)
  if (found.points.length < 2) return nothing
  const unit = found.step === msPerDay ? 'day' : 'week'
  return markup`<p>Share of finished runs by ${unit}.</p>
<figure>${frames.map((frame) => drawn(found, unit, frame))}</figure>`
}

function seriesOf(days: readonly Row[]): Series {
  const known = days
    .filter((row) => row['day'] !== 'unknown' && numberIn(row, 'finished') > 0)
    .map((row) => ({ row, at: Date.parse(String(row['day'])) }))
  const first = known[0]?.at ?? 0
  const length = ((known.at(-1)?.at ?? 0) - first) / msPerDay
  const step = length > mostDays ? daysPerWeek * msPerDay : msPerDay
  const spans = new Map<number, Row[]>()
  for (const { row, at } of known) {
    const start = first + Math.floor((at - first) / step) * step
    spans.set(start, [...(spans.get(start) ?? []), row])
  }
  const points = [...spans].map(([at, rows]): Point => {
    const sum = (name: string) => rows.reduce((total, row) => total + numberIn(row, name), 0)
    return { at, shares: series.map(({ name }) => sum(name) / sum('finished')) }
  })
  return { points, step }
}

function drawn({ points, step }: Series, unit: string, frame: Frame): Markup {
  const { name, width, height, left, right } = frame
  const ends = [points[0]?.at ?? 0, points.at(-1)?.at ?? 0]
  const x = scaleUtc(ends, [left, width - right])
  const y = scaleLinear([0, 1], [height - bottom, top])
  const labels = spread(
    series.map((_, at) => y(points.at(-1)?.shares[at] ?? 0)),
    height,
  )
  return markup`<svg class="${name}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${described(points, unit)}">
${y.ticks(5).map((tick) => grid(tick, y(tick), frame))}
${ticksOf(x.ticks(frame.ticks)).map((tick) => markup`<text class="axis" x="${round(x(tick))}" y="${height - 8}" text-anchor="middle">${dateOf(tick, frame)}</text>`)}
${series.map((_, at) => markup`<path class="series l${at + 1}" d="${pathOf(points, at, step, x, y)}"/>`)}
${series.map(({ label }, at) => markup`<text class="label t${at + 1}" x="${width - right + 8}" y="${round((labels[at] ?? 0) + 4)}">${label}</text>`)}
</svg>`
}

/** Days on which nothing arrived interrupt the line; they are no zeros. */
function pathOf(
  points: readonly Point[],
  which: number,
  step: number,
  x: (at: number) => number,
  y: (share: number) => number,
): string {
  const withGaps = points.flatMap((point, at) => {
    const before = points[at - 1]
    return before !== undefined && point.at - before.at > step ? [undefined, point] : [point]
  })
  const draw = line<Point | undefined>()
    .defined((point) => point !== undefined)
    .x((point) => round(x(point?.at ?? 0)))
    .y((point) => round(y(point?.shares[which] ?? 0)))
  // A day between two gaps is drawn as a dot would be: a line of no length has none without this.
  return (draw(withGaps) ?? '').replaceAll(/M([\d.,]+)Z/g, 'M$1h.1')
}

function grid(tick: number, y: number, { width, left, right }: Frame): Markup {
  return markup`<line class="grid" x1="${left}" x2="${width - right}" y1="${round(y)}" y2="${round(y)}"/><text class="axis" x="${left - 6}" y="${round(y + 4)}" text-anchor="end">${percent(tick, 0)}</text>`
}

/** Whole days only, each once. */
function ticksOf(ticks: readonly Date[]): readonly Date[] {
  return ticks.filter((tick) => tick.getTime() % msPerDay === 0)
}

/** The year stands where it begins, if there is room. */
function dateOf(tick: Date, { name }: Frame): string {
  const day = tick.toISOString().slice(0, 10)
  return name === 'wide' && day.endsWith('-01-01') ? day : day.slice(5)
}

/** Moves labels apart that would stand on each other. */
function spread(heights: readonly number[], height: number): readonly number[] {
  const gap = 14
  const order = heights.map((at, which) => ({ at, which })).toSorted((a, b) => a.at - b.at)
  const placed: number[] = []
  let before = top - gap
  for (const { at, which } of order) {
    before = Math.max(at, before + gap)
    placed[which] = before
  }
  const over = before - (height - bottom)
  return over > 0 ? placed.map((at) => at - over) : placed
}

function described(points: readonly Point[], unit: string): string {
  const ends = series.map(
    ({ label }, at) => `${label} ${percent(points.at(-1)?.shares[at] ?? null)}`,
  )
  return `Share of finished runs by ${unit}, ${points.length} ${unit}s. In the last one: ${ends.join(', ')}.`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
