import { numberIn, type Row } from '../questions/question.ts'
import { discoveries, higher, type Sample } from './statistics.ts'

/** How one share went from one release to the next on one platform. */
export interface Comparison {
  readonly what: string
  readonly platform: string
  readonly before: Sample
  readonly now: Sample
  readonly isWorse: boolean
}

export interface Subject {
  readonly what: string
  readonly platform: string
  readonly before: Sample
  readonly now: Sample
}

/** Below this a share says too little to be compared. */
const leastN = 30
/** And so few of the bad ones may be chance. */
const leastHits = 5
/** Of the alarms in a world without change; silence has the rest of 5 %. */
const falseDiscoveries = 0.035

export function compare(subjects: readonly Subject[]): readonly Comparison[] {
  const enough = subjects.filter(({ before, now }) => before.n >= leastN && now.n >= leastN)
  const chances = enough.map(({ before, now }) => (now.hits < leastHits ? 1 : higher(before, now)))
  const worse = discoveries(chances, falseDiscoveries)
  return enough.map(({ what, platform, before, now }, at) => ({
    what,
    platform,
    before,
    now,
    isWorse: worse[at] === true,
  }))
}

/** Installs that failed, of those that ended. */
export function installSubjects(before: readonly Row[], now: readonly Row[]): readonly Subject[] {
  return paired(before, now, 'installs failed', (row) => ({
    hits: numberIn(row, 'failed'),
    n: numberIn(row, 'completed') + numberIn(row, 'failed'),
    spread: 1,
  }))
}

/** Runs with some flaw. The runs of one client are alike, and count for less than as many clients. */
export function runSubjects(
  what: string,
  before: readonly Row[],
  now: readonly Row[],
): readonly Subject[] {
  return paired(before, now, what, (row) => {
    const [hits, n] = [numberIn(row, 'hits'), numberIn(row, 'n')]
    return { hits, n, spread: spreadOf(row, hits, n) }
  }).filter(({ before: a, now: b }) => [a, b].every(({ n, spread }) => n / spread >= leastN))
}

/** The variance of the share over clients, by that of as many independent runs; at least 1. */
function spreadOf(row: Row, hits: number, n: number): number {
  const share = n === 0 ? 0 : hits / n
  const independent = share * (1 - share) * n
  if (independent === 0) return 1
  const { hh, hn, nn } = {
    hh: numberIn(row, 'hh'),
    hn: numberIn(row, 'hn'),
    nn: numberIn(row, 'nn'),
  }
  return Math.max(1, (hh - 2 * share * hn + share * share * nn) / independent)
}

function paired(
  before: readonly Row[],
  now: readonly Row[],
  what: string,
  sampleOf: (row: Row) => Sample,
): readonly Subject[] {
  const nameOf = (row: Row) => `${String(row['os'])} ${String(row['arch'])}`
  const old = new Map(before.map((row) => [nameOf(row), sampleOf(row)]))
  return now.flatMap((row) => {
    const platform = nameOf(row)
    const then = old.get(platform)
    return then === undefined ? [] : [{ what, platform, before: then, now: sampleOf(row) }]
  })
}
