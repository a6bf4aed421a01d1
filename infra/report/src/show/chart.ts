import { scaleLinear, scaleUtc } from 'd3-scale'
import { line } from 'd3-shape'

import { numberIn, type Row } from '../questions/question.ts'
import { percent } from './figures.ts'
import { type Markup, markup, nothing } from './markup.ts'

const series = [
  ['JIT enabled', 'jit_enabled'],
  ['JIT used', 'jit_used'],
  ['acceleration on', 'accelerate_enabled'],
  ['GPU used', 'gpu_used'],
] as const

const size = { width: 800, height: 260, left: 48, right: 150, top: 12, bottom: 28 }
const msPerDay = 86_400_000

interface Point {
  readonly at: number
  readonly share: number
}

/** Shares of finished runs day by day, each line with its name at its end. */
export function chartOf(days: readonly Row[]): Markup {
  const known = days
    .filter((row) => row['day'] !== 'unknown' && numberIn(row, 'finished') > 0)
    .map((row) => ({ row, at: Date.parse(String(row['day'])) }))
  const [first, last] = [known[0]?.at, known.at(-1)?.at]
  if (first === undefined || last === undefined || first === last) return nothing
  const x = scaleUtc([first, last], [size.left, size.width - size.right])
  const y = scaleLinear([0, 1], [size.height - size.bottom, size.top])
  const lines = series.map(([label, name]) => ({
    label,
    points: known.map(({ row, at }): Point => ({
      at,
      share: numberIn(row, name) / numberIn(row, 'finished'),
    })),
  }))
  const ends = spread(lines.map(({ points }) => y(points.at(-1)?.share ?? 0)))
  return markup`<figure><svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${described(lines, days)}">
${y.ticks(5).map((tick) => grid(tick, y(tick)))}
${ticksOf(x.ticks(6)).map((tick) => markup`<text class="axis" x="${round(x(tick))}" y="${size.height - 8}" text-anchor="middle">${tick.toISOString().slice(5, 10)}</text>`)}
${lines.map(({ points }, at) => markup`<path class="series l${at + 1}" d="${pathOf(points, x, y)}"/>`)}
${lines.map(({ label, points }, at) => markup`<text class="label t${at + 1}" x="${size.width - size.right + 8}" y="${round((ends[at] ?? 0) + 4)}">${label} ${percent(points.at(-1)?.share ?? null)}</text>`)}
</svg></figure>`
}

/** Days on which nothing arrived interrupt the line; they are no zeros. */
function pathOf(
  points: readonly Point[],
  x: (at: number) => number,
  y: (share: number) => number,
): string {
  const withGaps = points.flatMap((point, at) => {
    const before = points[at - 1]
    return before !== undefined && point.at - before.at > msPerDay ? [undefined, point] : [point]
  })
  const draw = line<Point | undefined>()
    .defined((point) => point !== undefined)
    .x((point) => round(x(point?.at ?? 0)))
    .y((point) => round(y(point?.share ?? 0)))
  // A day between two gaps is drawn as a dot would be: a line of no length has none without this.
  return (draw(withGaps) ?? '').replaceAll(/M([\d.,]+)Z/g, 'M$1h.1')
}

function grid(tick: number, y: number): Markup {
  return markup`<line class="grid" x1="${size.left}" x2="${size.width - size.right}" y1="${round(y)}" y2="${round(y)}"/><text class="axis" x="${size.left - 8}" y="${round(y + 4)}" text-anchor="end">${percent(tick, 0)}</text>`
}

/** Whole days only, each once. */
function ticksOf(ticks: readonly Date[]): readonly Date[] {
  return ticks.filter((tick) => tick.getTime() % msPerDay === 0)
}

/** Moves labels apart that would stand on each other. */
function spread(heights: readonly number[]): readonly number[] {
  const gap = 14
  const order = heights
    .map((height, at) => ({ height, at }))
    .toSorted((a, b) => a.height - b.height)
  const placed: number[] = []
  let before = size.top - gap
  for (const { height, at } of order) {
    before = Math.max(height, before + gap)
    placed[at] = before
  }
  const over = before - (size.height - size.bottom)
  return over > 0 ? placed.map((height) => height - over) : placed
}

function described(
  lines: readonly { label: string; points: readonly Point[] }[],
  days: readonly Row[],
): string {
  const ends = lines.map(({ label, points }) => `${label} ${percent(points.at(-1)?.share ?? null)}`)
  return `Share of finished runs a day, ${days.length} days. On the last day: ${ends.join(', ')}.`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
