import { type Day, daysAfter } from '../days.ts'
import { numberIn, type Row } from '../questions/question.ts'

export interface Silence {
  readonly what: string
  readonly since: Day
  readonly days: number
  readonly usual: number
}

const history = 28
const leastHistory = 7
/** So many events would have been expected meanwhile: with none of them, that is no chance. */
const leastMissing = 12

/** What used to arrive and does not any more. A gap as long as one before is none. */
export function silences(
  rows: readonly Row[],
  columns: readonly string[],
  last: Day,
): readonly Silence[] {
  const groups = new Map<string, Map<Day, number>>()
  for (const row of rows) {
    const what = columns
      .map((name) => String(row[name]))
      .filter((name) => name !== '')
      .join(' ')
    const days = groups.get(what) ?? new Map<Day, number>()
    days.set(String(row['day']), numberIn(row, 'events'))
    groups.set(what, days)
  }
  return [...groups].flatMap(([what, days]) => silenceOf(what, days, last) ?? [])
}

function silenceOf(what: string, counts: ReadonlyMap<Day, number>, last: Day): Silence | undefined {
  const known = [...counts.keys()].filter((day) => day <= last).toSorted()
  const [first, heard] = [known[0], known.at(-1)]
  if (first === undefined || heard === undefined || heard === last) return undefined
  const span = Math.min(history, daysBetween(first, heard) + 1)
  if (span < leastHistory) return undefined
  const days = daysBetween(heard, last)
  const before = Array.from({ length: span }, (_, at) => counts.get(daysAfter(heard, -at)) ?? 0)
  const usual = before.reduce((sum, count) => sum + count, 0) / span
  if (usual * days < leastMissing || days <= longestGap(before)) return undefined
  return { what, since: daysAfter(heard, 1), days, usual }
}

function longestGap(counts: readonly number[]): number {
  let longest = 0
  let gap = 0
  for (const count of counts) {
    gap = count === 0 ? gap + 1 : 0
    longest = Math.max(longest, gap)
  }
  return longest
}

function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000)
}
