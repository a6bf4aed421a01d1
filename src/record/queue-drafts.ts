import { timestamp } from '../contract/timestamp.ts'
import type { Situation } from '../settings/situation.ts'
import { enqueue, makeRoom, queuedNames } from '../store/queue.ts'
import { changeStats, type History } from '../store/stats-file.ts'
import type { Stats } from '../store/stats.ts'
import { presumedFired } from './milestones.ts'
import { recovered } from './recover.ts'

/** An event that needs to know its place in line. */
export interface Draft {
  readonly id: string
  readonly build: (sequence: number) => string | undefined
}

export interface Drafted {
  readonly stats: Stats
  /** The bytes of what was queued. */
  readonly queued: readonly string[]
}

/** A leap of the clock, or a machine switched off for long: nobody can tell which. */
const leapMs = 30 * 24 * 60 * 60 * 1000

/** Queues the drafts in order, for a caller that holds the statistics. */
export function queueDrafts(
  { paths, surroundings }: Situation,
  stats: Stats,
  drafts: readonly Draft[],
  lastCounted: string,
): Drafted {
  if (drafts.length === 0) return { stats, queued: [] }
  const now = surroundings.now()
  const events = drafts.flatMap(({ id, build }, index) => {
    const sequence = stats.sequence + index + 1
    const bytes = build(sequence)
    return bytes === undefined ? [] : [{ bytes, name: { sequence, at: now, id } }]
  })
  const dropped = makeRoom(paths.queue, queuedNames(paths.queue), {
    events: events.length,
    bytes: events.reduce((sum, { bytes }) => sum + bytes.length, 0),
    now,
    calm: Math.abs(now - Date.parse(lastCounted)) < leapMs,
  })
  for (const { name, bytes } of events) enqueue(paths.queue, name, bytes)
  return {
    stats: {
      ...stats,
      sequence: stats.sequence + drafts.length,
      dropped: stats.dropped + dropped,
    },
    queued: events.map(({ bytes }) => bytes),
  }
}

/** Queues finished events that wait for no milestone; `lost` of their kind gave way before. */
export function queueFinished(
  situation: Situation,
  events: readonly { readonly id: string; readonly bytes: string }[],
  lost = 0,
): void {
  if (!situation.verdict.uploading || events.length + lost === 0) return
  const { paths, surroundings } = situation
  changeStats(paths.stats, timestamp(surroundings.now()), (found, history) => {
    const before = continued(situation, found, history)
    const drafts = events.map(({ id, bytes }) => ({ id, build: () => bytes }))
    const counted = { ...before, dropped: before.dropped + lost }
    const { stats } = queueDrafts(situation, counted, drafts, before.counters_as_of)
    return { stats, result: undefined }
  })
}

/** The statistics to go on from, when the past was damaged or a host died while writing it. */
export function continued({ product, paths }: Situation, stats: Stats, history: History): Stats {
  const known = history === 'lost' ? { ...stats, fired: presumedFired(product) } : stats
  return recovered(product, paths, known, history)
}
