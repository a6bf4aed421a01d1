import { removeFile } from '../files/write.ts'
import type { Context } from '../settings/context.ts'
import { momentOf } from '../settings/host-environment.ts'
import { enqueueAll, planRoom } from '../store/queue.ts'
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
  /** Answers with the files that were made. */
  readonly put: () => readonly string[]
  /** Removes the oldest events, which the statistics count as dropped. */
  readonly dropOldest: () => void
}

/** Makes events of the drafts, in order, and room for them, for a caller that holds the statistics. */
export function queueDrafts(
  { paths }: Context,
  now: number,
  stats: Stats,
  drafts: readonly Draft[],
): Drafted {
  if (drafts.length === 0) return { stats, queued: [], put: () => [], dropOldest: () => undefined }
  const events = drafts.flatMap(({ id, build }, index) => {
    const sequence = stats.sequence + index + 1
    const bytes = build(sequence)
    return bytes === undefined ? [] : [{ bytes, name: { sequence, at: now, id } }]
  })
  const { surplus, waiting } = planRoom(paths.queue, stats.waiting, {
    events: events.length,
    bytes: events.reduce((sum, { bytes }) => sum + bytes.length, 0),
    now,
    steadySince: Date.parse(stats.steady_since),
  })
  return {
    stats: {
      ...stats,
      sequence: stats.sequence + drafts.length,
      dropped: stats.dropped + surplus.length,
      waiting,
    },
    queued: events.map(({ bytes }) => bytes),
    put: () => enqueueAll(paths.queue, events),
    dropOldest: () => surplus.forEach(removeFile),
  }
}

/** Queues finished events that wait for no milestone; `lost` of their kind gave way before. */
export function queueFinished(
  context: Context,
  events: readonly { readonly id: string; readonly bytes: string }[],
  lost = 0,
): void {
  if (!context.verdict.uploading || events.length + lost === 0) return
  const { paths, environment } = context
  const moment = momentOf(environment)
  changeStats(paths.stats, moment, (found, history) => {
    const before = continued(context, found, history)
    const drafts = events.map(({ id, bytes }) => ({ id, build: () => bytes }))
    const counted = { ...before, dropped: before.dropped + lost }
    const { stats, put, dropOldest } = queueDrafts(context, moment.now, counted, drafts)
    return {
      stats,
      put: () => unlessChanged(context, put()),
      done: dropOldest,
      result: undefined,
    }
  })
}

/**
 * Whoever said no while we stood in line wipes the queue before we have put something there, or
 * after: in either case what we have recorded is gone. Undefined where another word counts now.
 */
export function unlessChanged(
  { verdict, again }: Context,
  files: readonly string[],
): readonly string[] | undefined {
  const now = again().verdict
  if (now.uploading === verdict.uploading && now.collecting === verdict.collecting) return files
  for (const file of files) removeFile(file)
  return undefined
}

/** The statistics to go on from, when the past was damaged or a host died while writing it. */
export function continued(
  { product, paths }: Context,
  stats: Stats,
  history: History,
  release?: string,
): Stats {
  if (history === 'known') return stats
  const known = history === 'lost' ? { ...stats, fired: presumedFired(product, release) } : stats
  return recovered(product, paths, known, history)
}
