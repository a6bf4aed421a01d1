import { timestamp } from '../contract/timestamp.ts'
import { removeFile } from '../files/write.ts'
import type { Situation } from '../settings/situation.ts'
import { enqueueAll, makeRoom, queuedNames } from '../store/queue.ts'
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
  /** The bytes of what is queued by `put`. */
  readonly queued: readonly string[]
  /** False where a no came meanwhile, and nothing was queued. */
  readonly put: () => boolean
}

/**
 * Makes events of the drafts, in order, and room for them among the names that wait, for a caller
 * that holds the statistics.
 */
export function queueDrafts(
  { paths, surroundings, again }: Situation,
  stats: Stats,
  drafts: readonly Draft[],
  names: readonly string[],
): Drafted {
  if (drafts.length === 0) return { stats, queued: [], put: () => true }
  const now = surroundings.now()
  const events = drafts.flatMap(({ id, build }, index) => {
    const sequence = stats.sequence + index + 1
    const bytes = build(sequence)
    return bytes === undefined ? [] : [{ bytes, name: { sequence, at: now, id } }]
  })
  const dropped = makeRoom(paths.queue, names, {
    events: events.length,
    bytes: events.reduce((sum, { bytes }) => sum + bytes.length, 0),
    now,
    steadySince: Date.parse(stats.steady_since),
  })
  return {
    stats: {
      ...stats,
      sequence: stats.sequence + drafts.length,
      dropped: stats.dropped + dropped,
    },
    queued: events.map(({ bytes }) => bytes),
    put: () => {
      const files = enqueueAll(paths.queue, events)
      // Whoever said no while we stood in line wipes the queue before we have put something there,
      // or after: in either case what we have recorded is gone.
      if (again().verdict.uploading) return true
      for (const file of files) removeFile(file)
      return false
    },
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
    const names = queuedNames(paths.queue)
    const before = continued(situation, found, history, names)
    const drafts = events.map(({ id, bytes }) => ({ id, build: () => bytes }))
    const counted = { ...before, dropped: before.dropped + lost }
    const { stats, put } = queueDrafts(situation, counted, drafts, names)
    return { stats, put, result: undefined }
  })
}

/** The statistics to go on from, when the past was damaged or a host died while writing it. */
export function continued(
  { product, paths }: Situation,
  stats: Stats,
  history: History,
  names: readonly string[],
  release?: string,
): Stats {
  const known = history === 'lost' ? { ...stats, fired: presumedFired(product, release) } : stats
  return recovered(product, paths, known, history, names)
}
