import { removeFile } from '../files/write.ts'
import type { Context } from '../settings/context.ts'
import { enqueueAll, planRoom } from '../store/queue.ts'
import type { Stats } from '../store/stats.ts'

/** An event that is built once its sequence number is known. */
export interface Draft {
  readonly id: string
  readonly build: (sequence: number) => string | undefined
}

export interface Drafted {
  readonly stats: Stats
  /** The bytes of the events that `put` queues. */
  readonly queued: readonly string[]
  /** Writes the events and returns their files. */
  readonly put: () => readonly string[]
  /** Removes the oldest events, which the statistics count as dropped. */
  readonly dropOldest: () => void
}

/** Builds the drafts in order and makes room for them. The caller holds the statistics lock. */
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

/**
 * Checks consent again once the events are in the queue. A `disable` that ran meanwhile wiped the
 * queue either before or after they arrived, so they are removed here as well. Undefined if consent
 * has changed.
 */
export function unlessChanged(
  { verdict, again }: Context,
  files: readonly string[],
  isWanted: () => boolean = () => true,
): readonly string[] | undefined {
  const now = again().verdict
  const isSame = now.uploading === verdict.uploading && now.collecting === verdict.collecting
  if (isSame && isWanted()) return files
  for (const file of files) removeFile(file)
  return undefined
}
